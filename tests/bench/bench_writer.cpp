// SPDX-License-Identifier: Apache-2.0
// bench_writer DATABASE SECONDS RATE: one-row transactions with synchronous=NORMAL in WAL mode and
// busy_timeout=0, RATE a second (0 = as fast as it goes). Prints one JSON object.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
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

struct Measured {
    std::vector<std::int64_t> latenciesNs;
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
    while (nowNs() - begin < durationNs) {
        if (intervalNs != 0) {
            waitUntil(due += intervalNs);
        }
        const std::int64_t started = nowNs();
        const int rc = sqlite3_step(update);
        sqlite3_reset(update);
        if (rc == SQLITE_DONE) {
            measured.latenciesNs.push_back(nowNs() - started);
        } else {
            measured.busy += 1;
        }

        struct stat wal {};

        if (measured.latenciesNs.size() % 1000 == 0 && ::stat((path + "-wal").c_str(), &wal) == 0) {
            measured.walBytesMax = std::max<std::int64_t>(measured.walBytesMax, wal.st_size);
        }
    }
    sqlite3_finalize(update);
    return measured;
}

double quantileUs(std::vector<std::int64_t>& sorted, double quantile) {
    if (sorted.empty()) {
        return 0;
    }
    const auto index = static_cast<std::size_t>(quantile * static_cast<double>(sorted.size() - 1));
    return static_cast<double>(sorted[index]) / 1000.0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: bench_writer DATABASE SECONDS RATE\n");
        return 2;
    }
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
    std::sort(measured.latenciesNs.begin(), measured.latenciesNs.end());
    std::printf(
        "{\"commits\":%zu,\"perSecond\":%.0f,\"p50Us\":%.1f,\"p99Us\":%.1f,\"p999Us\":%.1f,"
        "\"busy\":%llu,\"walBytesMax\":%lld}\n",
        measured.latenciesNs.size(),
        static_cast<double>(measured.latenciesNs.size()) / seconds,
        quantileUs(measured.latenciesNs, 0.5),
        quantileUs(measured.latenciesNs, 0.99),
        quantileUs(measured.latenciesNs, 0.999),
        static_cast<unsigned long long>(measured.busy),
        static_cast<long long>(measured.walBytesMax));
    return 0;
}
