// SPDX-License-Identifier: Apache-2.0
// bench_writer DATABASE SECONDS RATE: one-row transactions with synchronous=NORMAL in WAL mode and
// busy_timeout=0, RATE a second (0 = as fast as it goes), for so long or until SIGTERM. SIGUSR1
// ends a window of measuring and begins the next. Prints one JSON object.
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <sqlite3.h>
#include <sys/stat.h>
#include <time.h>

namespace {

std::int64_t nowNs() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

void waitUntil(std::int64_t ns) {
    const timespec time{static_cast<time_t>(ns / 1'000'000'000),
                        static_cast<long>(ns % 1'000'000'000)};
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
}

bool exec(sqlite3* database, const char* sql) {
    return sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

volatile std::sig_atomic_t stopRequested = 0;
volatile std::sig_atomic_t windowEnded = 0;

/// What happened between two SIGUSR1.
struct Window {
    std::int64_t beganNs = 0;
    std::int64_t endedNs = 0;
    std::vector<std::int64_t> latenciesNs;

    void print() {
        // Of many windows together the slowest in a thousand are among the slowest in fifty of
        // each.
        const std::size_t slowest = latenciesNs.size() / 50 + 1;
        const auto middle =
            latenciesNs.end() - static_cast<std::ptrdiff_t>(std::min(slowest, latenciesNs.size()));
        std::nth_element(latenciesNs.begin(), middle, latenciesNs.end());
        std::printf("{\"commits\":%zu,\"seconds\":%.6f,\"slowestUs\":[",
                    latenciesNs.size(),
                    static_cast<double>(endedNs - beganNs) / 1e9);
        for (auto at = middle; at != latenciesNs.end(); ++at) {
            std::printf("%s%.1f", at == middle ? "" : ",", static_cast<double>(*at) / 1000.0);
        }
        std::printf("]}");
    }
};

struct Measured {
    std::vector<Window> windows;
    std::uint64_t busy = 0;
    std::int64_t walBytesMax = 0;
};

Measured measure(sqlite3* database,
                 const std::string& path,
                 std::int64_t durationNs,
                 std::int64_t intervalNs) {
    Measured measured;
    sqlite3_stmt* update = nullptr;
    sqlite3_prepare_v2(database,
                       "INSERT OR REPLACE INTO item VALUES(abs(random() % 50000), randomblob(60))",
                       -1,
                       &update,
                       nullptr);
    const std::int64_t begin = nowNs();
    std::int64_t due = begin;
    Window window{begin, begin, {}};
    for (std::uint64_t i = 0; stopRequested == 0 && nowNs() - begin < durationNs; ++i) {
        if (intervalNs != 0) {
            waitUntil(due += intervalNs);
        }
        const std::int64_t started = nowNs();
        const int rc = sqlite3_step(update);
        sqlite3_reset(update);
        window.endedNs = nowNs();
        if (rc == SQLITE_DONE) {
            window.latenciesNs.push_back(window.endedNs - started);
        } else {
            measured.busy += 1;
        }

        struct stat wal {};

        if (i % 1000 == 0 && ::stat((path + "-wal").c_str(), &wal) == 0) {
            measured.walBytesMax = std::max<std::int64_t>(measured.walBytesMax, wal.st_size);
        }
        if (windowEnded != 0) {
            windowEnded = 0;
            const std::int64_t ended = window.endedNs;
            measured.windows.push_back(std::exchange(window, Window{ended, ended, {}}));
        }
    }
    sqlite3_finalize(update);
    measured.windows.push_back(std::move(window));
    return measured;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: bench_writer DATABASE SECONDS RATE\n");
        return 2;
    }
    std::signal(SIGTERM, [](int) { stopRequested = 1; });
    std::signal(SIGUSR1, [](int) { windowEnded = 1; });
    const std::string path = argv[1];
    const double seconds = std::strtod(argv[2], nullptr);
    const double rate = std::strtod(argv[3], nullptr);
    sqlite3* database = nullptr;
    if (sqlite3_open(path.c_str(), &database) != SQLITE_OK) {
        std::fprintf(stderr, "bench_writer: %s\n", sqlite3_errmsg(database));
        return 1;
    }
    // Only the set-up may wait: several writers begin at once.
    sqlite3_busy_timeout(database, 10'000);
    // The change to WAL answers BUSY at once where another writer is just making it.
    int tries = 0;
    while (!exec(database, "PRAGMA journal_mode=WAL") && ++tries < 1000) {
        waitUntil(nowNs() + 10'000'000);
    }
    if (tries == 1000 || !exec(database, "PRAGMA synchronous=NORMAL") ||
        !exec(database, "CREATE TABLE IF NOT EXISTS item(id INTEGER PRIMARY KEY, body BLOB)")) {
        std::fprintf(stderr, "bench_writer: %s\n", sqlite3_errmsg(database));
        return 1;
    }
    sqlite3_busy_timeout(database, 0);
    Measured measured = measure(database,
                                path,
                                static_cast<std::int64_t>(seconds * 1e9),
                                rate > 0 ? static_cast<std::int64_t>(1e9 / rate) : 0);
    sqlite3_close(database);
    std::printf("{\"busy\":%llu,\"walBytesMax\":%lld,\"windows\":[",
                static_cast<unsigned long long>(measured.busy),
                static_cast<long long>(measured.walBytesMax));
    for (std::size_t i = 0; i < measured.windows.size(); ++i) {
        std::printf("%s", i == 0 ? "" : ",");
        measured.windows[i].print();
    }
    std::printf("]}\n");
    return 0;
}
