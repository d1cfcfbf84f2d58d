// SPDX-License-Identifier: Apache-2.0
// A build can remove one check of capture to prove that the tests see it go (design: capture.md
// 3.7). 0, the only value that is ever shipped, removes nothing and costs nothing.
#pragma once

#ifndef STRANDLINE_MUTATION_ID
#define STRANDLINE_MUTATION_ID 0
#endif

namespace engine {

inline constexpr int kMutation = STRANDLINE_MUTATION_ID;

namespace mutation {
inline constexpr int kUnpublishedTaken = 601;      // published frames only
inline constexpr int kAnyResetBridged = 503;       // proof of a reset
inline constexpr int kScanWithoutSalts = 502;      // equal salts around a scan
inline constexpr int kOlderFrameNotAsked = 606;    // older frame behind the tail (i)
inline constexpr int kTailFrameNotAsked = 504;     // tail's last frame intact (ii)
inline constexpr int kChainScanHeaderOnce = 505;   // header again after a chain scan
inline constexpr int kOpenTailAccepted = 507;      // no open tail
inline constexpr int kJournalLocksIgnored = 511;   // lock question of the journal scan
inline constexpr int kJournalTimesIgnored = 512;   // times and size equal around the journal scan
inline constexpr int kIndexHeaderReadOnce = 701;   // both copies of the wal-index header equal
inline constexpr int kFrameChecksumIgnored = 702;  // running checksum of a frame
inline constexpr int kShmEventsIgnored = 703;      // -shm events before a bridge
inline constexpr int kAttachNotAskedAgain = 704;   // byte 128 again before a chain emit
inline constexpr int kQuietNotAsked = 705;         // quiet time before an at-rest scan
inline constexpr int kNoDrain = 706;               // drain of unlinked files
inline constexpr int kGrowthNotAsked = 707;        // each new page has a frame
inline constexpr int kPaddingEmitted = 708;        // sector padding is no commit of its own
inline constexpr int kSaltStepIgnored = 709;       // new salt-1 = ours + 1
inline constexpr int kCounterRebaseIgnored = 710;  // our iChange against the time that passed
inline constexpr int kDatabaseNotWatched = 711;    // identity of the database file at each step
}  // namespace mutation

/// if (!mutated(mutation::kX)) { the check }
constexpr bool mutated(int id) noexcept {
    return kMutation == id;
}

}  // namespace engine
