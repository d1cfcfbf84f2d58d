// SPDX-License-Identifier: Apache-2.0
// oracle_check REPLICA_FOLDER LOG: what the oracle says about a replica, by hand.
#include <cstdio>

#include "tests/support/oracle_checker.h"

namespace {

int fail(const engine::Error& error) {
    std::fprintf(stderr, "oracle_check: %s\n", error.message.c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: oracle_check REPLICA_FOLDER LOG\n");
        return 2;
    }
    auto checker = oracle::Checker::open(argv[1], argv[2]);
    if (!checker.ok()) {
        return fail(checker.error());
    }
    if (const engine::Status status = checker.value()->checkTimeline(); !status.ok()) {
        return fail(status.error());
    }
    const oracle::CheckReport& report = checker.value()->report();
    for (const std::string& problem : report.problems) {
        std::printf("%s\n", problem.c_str());
    }
    std::printf(
        "states=%llu points=%llu alone=%llu catchUps=%llu generations=%llu wrong=%llu "
        "newestIsLast=%d\n",
        static_cast<unsigned long long>(report.states),
        static_cast<unsigned long long>(report.points),
        static_cast<unsigned long long>(report.alone),
        static_cast<unsigned long long>(report.catchUps),
        static_cast<unsigned long long>(report.generations),
        static_cast<unsigned long long>(report.wrong),
        report.newestIsLast ? 1 : 0);
    return report.wrong == 0 ? 0 : 1;
}
