// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/sqlite_wal_follower.h"

#include <algorithm>
#include <utility>

#include "engine/base/ensure.h"
#include "engine/capture/mutation.h"
#include "engine/capture/sqlite_wal_index.h"

namespace engine {
namespace {

/// Nobody commits more often than this, so a counter that began anew stays below.
constexpr std::uint64_t kCommitsPerMsMax = 100;

WalLook lost(std::string_view why) {
    WalLook look;
    look.kind = WalLook::Kind::Lost;
    look.why = why;
    return look;
}

WalLook again(std::string_view why) {
    WalLook look;
    look.kind = WalLook::Kind::Again;
    look.why = why;
    return look;
}

/// Told to stop before the first commit was whole: nothing is known yet, and nothing is lost.
bool stoppedEarly(const WalBatch& batch) {
    return batch.commits.empty() && batch.more;
}

/// Every page that a commit grew the database by came with a frame.
bool growthIsCovered(std::uint32_t before, const WalCommit& commit, std::uint32_t pageSize) {
    if (before == 0 || commit.pageCount <= before || mutated(mutation::kGrowthNotAsked)) {
        return true;
    }
    const auto above = [](const StagedPage& p, std::uint32_t page) { return p.page <= page; };
    const auto first = std::lower_bound(commit.pages.begin(), commit.pages.end(), before, above);
    const auto present = static_cast<std::uint64_t>(commit.pages.end() - first);
    const std::uint32_t lockPage = lockBytePage(pageSize);
    const bool overLockPage = before < lockPage && lockPage <= commit.pageCount;
    return present + (overLockPage ? 1 : 0) >= std::uint64_t{commit.pageCount} - before;
}

/// Cuts the batch before the first commit whose growth is not covered.
void cutUncoveredGrowth(WalBatch& batch) {
    std::uint32_t count = batch.from.pageCount;
    for (std::size_t i = 0; i < batch.commits.size(); ++i) {
        if (!growthIsCovered(count, batch.commits[i], batch.from.pageSize)) {
            batch.commits.resize(i);
            batch.more = true;
            return;
        }
        count = batch.commits[i].pageCount;
    }
}

WalLook proved(WalBatch batch, bool checkGrowth) {
    if (checkGrowth) {
        cutUncoveredGrowth(batch);
    }
    if (batch.commits.empty() && batch.more) {
        return lost("pages grown over without a frame");
    }
    WalLook look;
    look.kind = WalLook::Kind::Proved;
    look.end = batch.end();
    look.more = batch.more;
    look.bytesRead = batch.bytesRead;
    look.batches.push_back(std::move(batch));
    return look;
}

}  // namespace

void WalFollower::adopt(const WalPosition& position) {
    m_position = position;
    m_checkGrowth = position.pageCount != 0;
    m_base.reset();
    if (m_left) {
        m_left->counted = 0;
    }
}

void WalFollower::forget() noexcept {
    m_position.reset();
    m_base.reset();
}

void WalFollower::leave() noexcept {
    if (m_position && !m_left) {
        m_left = Left{*m_position, m_base, m_touched || m_touchedLate, 0};
    }
    forget();
}

MergedCount WalFollower::merged() {
    MergedCount merged;
    if (!m_left) {
        return merged;
    }
    merged.atLeast = std::max<std::uint64_t>(1, m_left->counted);
    if (!m_left->base || !m_base) {
        return merged;
    }
    drainEvents();
    const std::uint32_t before = m_left->base->changes;
    const std::uint32_t now = m_base->changes;
    // One that began anew counts the later ones only: never too many.
    const std::uint64_t published = now >= before ? now - before : now;
    merged.exact = published >= merged.atLeast && now > before &&
                   countsOn(*m_left->base, m_left->touched, m_base->confirmedAt);
    merged.atLeast = std::max(merged.atLeast, published);
    return merged;
}

void WalFollower::took(const WalBatch& batch, std::size_t index) {
    if (m_left && (batch.from.salts != m_left->position.salts ||
                   batch.commits[index].lastFrame > m_left->position.frame)) {
        m_left->counted += 1;
    }
    m_position = batch.after(index);
    if (m_base) {
        // Not confirmed by a header: confirmedAt stays.
        m_base->changes += 1;
    }
}

void WalFollower::tookAll(const WalLook& look) {
    m_position = look.end;
    m_checkGrowth = m_checkGrowth || !look.more;
    if (look.base) {
        m_base = look.base;
        m_touched = std::exchange(m_touchedLate, false);
    }
}

void WalFollower::noteEvents(const SourceEvents& events) noexcept {
    const bool touched = events.shmTouched || events.lost;
    m_touched = m_touched || touched;
    if (m_left) {
        m_left->touched = m_left->touched || touched;
    }
}

void WalFollower::drainEvents() {
    if (m_options.takeEvents) {
        const SourceEvents events = m_options.takeEvents();
        const bool touched = events.shmTouched || events.lost;
        m_touchedLate = m_touchedLate || touched;
        if (m_left) {
            m_left->touched = m_left->touched || touched;
        }
    }
}

Result<WalBatch> WalFollower::read(const WalPosition& from, WalRead request, std::stop_token stop) {
    request.seed = m_options.seed;
    return m_reader.read(*m_files.wal(), from, request, std::move(stop));
}

Result<WalLook> WalFollower::lookShared(std::stop_token stop) {
    ENSURE(m_position.has_value());
    drainEvents();
    m_touched = m_touched || std::exchange(m_touchedLate, false);
    m_lookedAt = m_options.clock->steady();
    if (m_files.shm() == nullptr || m_files.wal() == nullptr) {
        return again("side file missing");
    }
    ENGINE_TRY_ASSIGN(const auto index, readWalIndexHeader(*m_files.shm()));
    if (!index) {
        WalLook look;
        look.kind = WalLook::Kind::NotReady;
        return look;
    }
    if (index->pageSize != 0 && index->pageSize != m_position->pageSize) {
        return lost("page size changed");
    }
    if (index->salts == m_position->salts) {
        return sameGeneration(*index, std::move(stop));
    }
    return acrossReset(*index, std::move(stop));
}

Result<WalBatch> WalFollower::readPublished(const WalPosition& from,
                                            const WalIndexHeader& index,
                                            std::stop_token stop) {
    WalRead request;
    request.lastFrame = mutated(mutation::kUnpublishedTaken) ? 0 : index.frames;
    return read(from, request, std::move(stop));
}

Result<WalLook> WalFollower::sameGeneration(const WalIndexHeader& index, std::stop_token stop) {
    const bool atPosition = index.frames == m_position->frame;
    const bool sameFrame = index.frames == 0 || index.frameChecksum == m_position->checksum;
    if (index.frames < m_position->frame || (atPosition && !sameFrame)) {
        return lost("published frames were dropped");
    }
    WalLook nothing;
    nothing.end = *m_position;
    nothing.base = ChangeBase{index.changes, m_lookedAt};
    if (atPosition && !mutated(mutation::kUnpublishedTaken)) {
        return nothing;
    }
    WalPosition from = *m_position;
    if (from.frame == 0) {
        ENGINE_TRY_ASSIGN(const auto header, readWalHeader(*m_files.wal()));
        if (!header || header->salts != index.salts) {
            return again("WAL header of another generation");
        }
        if (header->pageSize != from.pageSize) {
            return lost("page size changed");
        }
        from = WalPosition::startOf(*header);
        from.pageCount = m_position->pageCount;
    }
    ENGINE_TRY_ASSIGN(WalBatch batch, readPublished(from, index, stop));
    if (stoppedEarly(batch)) {
        return again("stopped");
    }
    const auto reached = [&](const WalBatch& b) { return b.end().frame == index.frames; };
    const bool complete = reached(batch) && batch.end().checksum == index.frameChecksum;
    if (!batch.more && !complete && !mutated(mutation::kUnpublishedTaken)) {
        // SQLite can publish frames without checksums; published frames of a generation do not
        // change, so they count if the generation is still the same after they were read.
        WalRead request;
        request.lastFrame = index.frames;
        request.unchecked = true;
        ENGINE_TRY_ASSIGN(batch, read(from, request, stop));
        if (stoppedEarly(batch)) {
            return again("stopped");
        }
        ENGINE_TRY_ASSIGN(const auto after, readWalIndexHeader(*m_files.shm()));
        if (!after || after->salts != index.salts) {
            return again("reset while it was read");
        }
        if (!batch.more && !(reached(batch) && batch.unchecked)) {
            return lost("the chain breaks before the last published frame");
        }
        if (!batch.more && !batch.commits.empty()) {
            batch.commits.back().checksum = index.frameChecksum;
        }
    }
    WalLook look = proved(std::move(batch), m_checkGrowth);
    if (look.kind == WalLook::Kind::Proved && !look.more) {
        look.base = nothing.base;
    }
    return look;
}

/// The counter of the base has not begun anew until then.
bool WalFollower::countsOn(const ChangeBase& base, bool touched, Steady until) const {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    if (!m_options.takeEvents && !mutated(mutation::kShmEventsIgnored)) {
        return false;
    }
    if (touched && !mutated(mutation::kShmEventsIgnored)) {
        return false;
    }
    // A recovery inside an attached process leaves no event, but begins to count at 0; in the time
    // that passed it cannot have come back to where we are.
    const auto passed = duration_cast<milliseconds>(until - base.confirmedAt).count();
    const auto passedMs = static_cast<std::uint64_t>(std::max<std::int64_t>(0, passed)) + 1;
    return base.changes >= kCommitsPerMsMax * passedMs || mutated(mutation::kCounterRebaseIgnored);
}

bool WalFollower::counterIsTrusted() {
    if (!m_base) {
        return false;
    }
    // Asked after the frames were read: an index built anew until now shows.
    drainEvents();
    return countsOn(*m_base, m_touched || m_touchedLate, m_lookedAt);
}

Result<WalLook> WalFollower::acrossReset(const WalIndexHeader& index, std::stop_token stop) {
    WalRead whole;
    whole.whole = true;
    WalBatch tail;
    tail.from = *m_position;
    if (m_position->frame != 0) {
        // First, while it is not overwritten.
        ENGINE_TRY_ASSIGN(tail, read(*m_position, whole, stop));
    }
    WalBatch newer;
    newer.from = *m_position;
    newer.from.salts = index.salts;
    newer.from.frame = 0;
    newer.from.lastPage = 0;
    newer.from.checkpoints += 1;  // as long as the header of the new generation is not written
    if (index.frames != 0) {
        ENGINE_TRY_ASSIGN(const auto header, readWalHeader(*m_files.wal()));
        if (!header || header->salts != index.salts) {
            return again("WAL header of another generation");
        }
        if (header->pageSize != m_position->pageSize) {
            return lost("page size changed");
        }
        WalPosition from = WalPosition::startOf(*header);
        from.pageCount = tail.end().pageCount;
        whole.lastFrame = index.frames;
        ENGINE_TRY_ASSIGN(newer, read(from, whole, stop));
        if (stop.stop_requested()) {
            return again("stopped");
        }
        if (newer.end().frame != index.frames || newer.end().checksum != index.frameChecksum) {
            ENGINE_TRY_ASSIGN(const auto after, readWalIndexHeader(*m_files.shm()));
            const bool moved = !after || after->salts != index.salts;
            return moved ? again("reset while it was read") : lost("new generation breaks");
        }
    }
    if (stop.stop_requested()) {
        return again("stopped");
    }
    ENGINE_TRY_ASSIGN(const Between between, whatCameBetween(index, tail, newer));
    if (between == Between::Unknown) {
        return lost("reset, what came before it is not known");
    }
    return bridged(index, between == Between::Tail, std::move(tail), std::move(newer));
}

/// Which commits lie between the position and the new generation.
Result<WalFollower::Between> WalFollower::whatCameBetween(const WalIndexHeader& index,
                                                          const WalBatch& tail,
                                                          const WalBatch& newer) {
    if (mutated(mutation::kAnyResetBridged)) {
        return Between::Nothing;
    }
    const bool oneStep =
        index.salts.first == m_position->salts.first + 1 || mutated(mutation::kSaltStepIgnored);
    if (counterIsTrusted()) {
        const std::uint32_t published = index.changes - m_base->changes;
        const auto inNewer = static_cast<std::uint32_t>(newer.commits.size());
        if (published == inNewer) {
            return Between::Nothing;
        }
        if (oneStep && published - inNewer == tail.commits.size()) {
            return Between::Tail;
        }
    }
    // Without the counter the tail may hold what was never published; but where there is none, and
    // none was overwritten or cut off, there was no commit either.
    const bool noTail = oneStep && tail.commits.empty() && m_position->frame != 0;
    if (!noTail || newer.from.checkpoints != m_position->checkpoints + 1) {
        return Between::Unknown;
    }
    ENGINE_TRY_ASSIGN(const bool older, olderFrameFollows(*m_files.wal(), tail, index.salts));
    ENGINE_TRY_ASSIGN(const bool intact, frameIsIntact(*m_files.wal(), *m_position));
    return older && intact ? Between::Nothing : Between::Unknown;
}

WalLook WalFollower::bridged(const WalIndexHeader& index,
                             bool withTail,
                             WalBatch tail,
                             WalBatch newer) {
    WalLook look;
    look.kind = WalLook::Kind::Proved;
    look.bridged = true;
    look.end = newer.end();
    look.base = ChangeBase{index.changes, m_lookedAt};
    look.bytesRead = tail.bytesRead + newer.bytesRead;
    if (withTail) {
        cutUncoveredGrowth(tail);
        look.batches.push_back(std::move(tail));
    } else {
        newer.from.pageCount = m_position->pageCount;
    }
    cutUncoveredGrowth(newer);
    const bool uncovered = newer.more || std::any_of(look.batches.begin(),
                                                     look.batches.end(),
                                                     [](const WalBatch& b) { return b.more; });
    if (uncovered) {
        return lost("pages grown over without a frame");
    }
    look.batches.push_back(std::move(newer));
    return look;
}

Result<WalLook> WalFollower::lookChain(std::stop_token stop) {
    ENSURE(m_position.has_value());
    // No wal-index is looked at: what its counter says afterwards has another base.
    m_base.reset();
    if (m_files.wal() == nullptr) {
        return lost("no WAL");
    }
    ENGINE_TRY_ASSIGN(const auto header, readWalHeader(*m_files.wal()));
    if (!header) {
        return lost("no valid WAL header");
    }
    if (header->pageSize != m_position->pageSize) {
        return lost("page size changed");
    }
    if (header->salts == m_position->salts) {
        return chainOn(*header, std::move(stop));
    }
    return chainAcrossReset(*header, std::move(stop));
}

Result<WalLook> WalFollower::chainOn(const WalHeader& header, std::stop_token stop) {
    WalPosition from = *m_position;
    if (from.frame == 0) {
        from = WalPosition::startOf(header);
        from.pageCount = m_position->pageCount;
    } else {
        ENGINE_TRY_ASSIGN(const bool intact, frameIsIntact(*m_files.wal(), from));
        if (!intact) {
            return lost("the captured frame changed");
        }
    }
    ENGINE_TRY_ASSIGN(WalBatch batch, read(from, {}, stop));
    if (stoppedEarly(batch)) {
        return again("stopped");
    }
    ENGINE_TRY_ASSIGN(bool openTail, hasOpenTail(*m_files.wal(), batch));
    openTail = openTail && !mutated(mutation::kOpenTailAccepted);
    WalLook look;
    if (batch.commits.empty()) {
        look.end = batch.end();
        look.bytesRead = batch.bytesRead;
    } else if (m_files.attached() != LockState::Free && !mutated(mutation::kAttachNotAskedAgain)) {
        return again("attached meanwhile");
    } else {
        look = proved(std::move(batch), m_checkGrowth);
    }
    look.openTail = openTail;
    return look;
}

Result<WalLook> WalFollower::chainAcrossReset(const WalHeader& header, std::stop_token stop) {
    const WalPosition& ours = *m_position;
    const bool saltStep =
        header.salts.first == ours.salts.first + 1 || mutated(mutation::kSaltStepIgnored);
    if (ours.frame == 0 || !saltStep || header.checkpoints != ours.checkpoints + 1) {
        return lost("not the next generation");
    }
    WalRead whole;
    whole.whole = true;
    ENGINE_TRY_ASSIGN(WalBatch tail, read(ours, whole, stop));
    if (stop.stop_requested()) {
        return again("stopped");
    }
    ENGINE_TRY_ASSIGN(const bool older, olderFrameFollows(*m_files.wal(), tail, header.salts));
    ENGINE_TRY_ASSIGN(const bool intact, frameIsIntact(*m_files.wal(), tail.end()));
    if (!older || (!intact && !mutated(mutation::kTailFrameNotAsked))) {
        return lost("reset, the tail is not proved");
    }
    if (m_files.attached() != LockState::Free && !mutated(mutation::kAttachNotAskedAgain)) {
        return again("attached meanwhile");
    }
    WalLook look;
    look.kind = WalLook::Kind::Proved;
    look.bridged = true;
    look.end = WalPosition::startOf(header);
    look.end.pageCount = tail.end().pageCount;
    look.more = true;  // the new generation was not looked at yet
    look.bytesRead = tail.bytesRead;
    cutUncoveredGrowth(tail);
    if (tail.more) {
        return lost("pages grown over without a frame");
    }
    look.batches.push_back(std::move(tail));
    return look;
}

}  // namespace engine
