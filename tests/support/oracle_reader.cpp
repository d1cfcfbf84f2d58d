// SPDX-License-Identifier: Apache-2.0
// oracle_reader DATABASE: reads without any patience (busy_timeout=0) until SIGTERM, then prints
// how often and how often it was turned away.
#include <csignal>
#include <cstdio>

#include "tests/support/app_database.h"

namespace {

volatile std::sig_atomic_t stopRequested = 0;

void requestStop(int /*signal*/) {
    stopRequested = 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: oracle_reader DATABASE\n");
        return 2;
    }
    std::signal(SIGTERM, requestStop);
    auto database = oracle::Database::open(argv[1], 10'000);
    if (!database.ok()) {
        std::fprintf(stderr, "oracle_reader: %s\n", database.error().message.c_str());
        return 1;
    }
    // The first read maps the WAL index and may meet others that do the same; then no patience.
    const auto first = database.value().number("SELECT count(*) FROM item");
    if (!first.ok()) {
        std::fprintf(stderr, "oracle_reader: %s\n", first.error().message.c_str());
        return 1;
    }
    database.value().setBusyTimeout(0);
    oracle::Attempts attempts;
    std::printf("ready\n");
    std::fflush(stdout);
    while (stopRequested == 0) {
        const auto sum = database.value().number("SELECT sum(length(body)) FROM item");
        if (!sum.ok() && !sum.error().retryable()) {
            std::fprintf(stderr, "oracle_reader: %s\n", sum.error().message.c_str());
            return 1;
        }
        attempts.note(sum.ok());
    }
    std::printf("reads=%llu %s\n",
                static_cast<unsigned long long>(attempts.done()),
                attempts.text().c_str());
    return 0;
}
