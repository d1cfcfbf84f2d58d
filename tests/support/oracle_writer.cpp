// SPDX-License-Identifier: Apache-2.0
// oracle_writer DATABASE LOG [--seed N] ...: writes until it is told to stop (SIGTERM, or the
// number of steps is done) and prints what it did. Says "ready" when the database is there.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <poll.h>

#include "tests/support/app_writer.h"

namespace {

volatile std::sig_atomic_t stopRequested = 0;

void requestStop(int /*signal*/) {
    stopRequested = 1;
}

struct Run {
    oracle::WriterOptions writer;
    std::uint64_t steps = 0;  // 0 = until stopped
    std::uint64_t pauseUs = 0;
    bool closeAtEnd = true;
    bool hold = false;  // after the last step keep the database open until stopped
};

bool parseFlag(Run& run, const std::string& name) {
    if (name == "--quiet") {
        run.writer.quiet = true;
    } else if (name == "--no-spill") {
        run.writer.spills = false;
    } else if (name == "--switch") {
        run.writer.switchJournal = true;
    } else if (name == "--leave-open") {
        run.closeAtEnd = false;
    } else if (name == "--hold") {
        run.hold = true;
    } else {
        return false;
    }
    return true;
}

bool parseValue(Run& run, const std::string& name, const std::string& value) {
    const auto number = std::strtoull(value.c_str(), nullptr, 10);
    if (name == "--seed") {
        run.writer.seed = number;
    } else if (name == "--page-size") {
        run.writer.pageSize = static_cast<std::uint32_t>(number);
    } else if (name == "--journal") {
        run.writer.journal = value;
    } else if (name == "--synchronous") {
        run.writer.synchronous = value;
    } else if (name == "--cache") {
        run.writer.cachePages = static_cast<int>(number);
    } else if (name == "--rows") {
        run.writer.rows = static_cast<int>(number);
    } else if (name == "--auto-vacuum") {
        run.writer.autoVacuum = static_cast<int>(number);
    } else if (name == "--busy-timeout") {
        run.writer.busyTimeoutMs = static_cast<int>(number);
    } else if (name == "--steps") {
        run.steps = number;
    } else if (name == "--pause-us") {
        run.pauseUs = number;
    } else {
        return false;
    }
    return true;
}

bool parse(const std::vector<std::string>& args, Run& run) {
    if (args.size() < 2) {
        return false;
    }
    run.writer.database = args[0];
    run.writer.log = args[1] == "-" ? "" : args[1];
    for (std::size_t i = 2; i < args.size(); ++i) {
        if (parseFlag(run, args[i])) {
            continue;
        }
        if (i + 1 == args.size() || !parseValue(run, args[i], args[i + 1])) {
            std::fprintf(stderr, "oracle_writer: what is %s?\n", args[i].c_str());
            return false;
        }
        ++i;
    }
    return true;
}

/// Ends early when a signal comes.
void pauseFor(std::uint64_t us) {
    const timespec time{static_cast<time_t>(us / 1'000'000),
                        static_cast<long>(us % 1'000'000 * 1000)};
    ::ppoll(nullptr, 0, &time, nullptr);
}

int fail(const engine::Error& error) {
    std::fprintf(stderr, "oracle_writer: %s\n", error.message.c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    Run run;
    if (!parse({argv + 1, argv + argc}, run)) {
        std::fprintf(stderr,
                     "usage: oracle_writer DATABASE LOG|- [--seed N] [--journal MODE] ...\n");
        return 2;
    }
    std::signal(SIGTERM, requestStop);
    auto writer = oracle::AppWriter::open(run.writer);
    if (!writer.ok()) {
        return fail(writer.error());
    }
    std::printf("ready\n");
    std::fflush(stdout);
    std::mt19937_64 pauses(run.writer.seed);
    for (std::uint64_t done = 0; stopRequested == 0 && (run.steps == 0 || done < run.steps);
         ++done) {
        if (const engine::Status status = writer.value()->step(); !status.ok()) {
            return fail(status.error());
        }
        if (run.pauseUs != 0) {
            pauseFor(pauses() % (2 * run.pauseUs));
        }
    }
    if (run.hold) {
        std::printf("holding\n");
        std::fflush(stdout);
    }
    while (run.hold && stopRequested == 0) {
        pauseFor(1'000'000);
    }
    const oracle::Attempts& attempts = writer.value()->attempts();
    std::printf("commits=%llu %s\n",
                static_cast<unsigned long long>(attempts.done()),
                attempts.text().c_str());
    std::fflush(stdout);
    if (!run.closeAtEnd) {
        std::_Exit(0);
    }
    return 0;
}
