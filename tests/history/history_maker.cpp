// SPDX-License-Identifier: Apache-2.0
#include "tests/history/history_maker.h"

#include <algorithm>
#include <utility>

#include "engine/replica/marker.h"

namespace engine {

namespace {

class ReplicaSink final : public PartSink {
public:
    ReplicaSink(Replica& replica, std::vector<std::string>& names)
        : m_replica(replica)
        , m_names(names) {}

    Status part(FinishedPart part) override {
        m_names.push_back(part.name.text());
        return m_replica.put(m_names.back(), part.bytes, PutMode::New, {});
    }

private:
    Replica& m_replica;
    std::vector<std::string>& m_names;
};

}  // namespace

HistoryMaker::HistoryMaker(std::uint32_t pageSize, DatabaseEngine engine)
    : m_pageSize(pageSize)
    , m_engine(engine) {
    const std::string marker = "{\"id\":\"0000000000000001\"}";
    ENSURE(m_replica->put(kMarker, viewOf(marker), PutMode::New, {}).ok());
}

Root HistoryMaker::rootOf(const Buffer& image) const {
    Root root;
    std::uint64_t page = firstPageOf(m_engine);
    for (std::size_t at = 0; at < image.size(); at += m_pageSize) {
        root += rootTerm(page++, pageHash(ByteView(image).subspan(at, m_pageSize), m_seed));
    }
    return root;
}

std::size_t HistoryMaker::begin(TxId tx, Time time, Buffer image) {
    const std::size_t number = m_states.size();
    const GenerationId generation{0x9f3c4a0100000000 + ++m_generations};
    const Root root = rootOf(image);
    m_states.push_back(MadeState{generation, tx, time, root, number, std::move(image), false});
    return number;
}

std::size_t HistoryMaker::follow(
    std::size_t parent, TxId tx, Time time, Buffer image, bool catchUp) {
    const Root root = rootOf(image);
    m_states.push_back(
        MadeState{m_states[parent].generation, tx, time, root, parent, std::move(image), catchUp});
    return m_states.size() - 1;
}

/// The pages that differ (and, where the image grew, those that are not zero), or all of them.
Status HistoryMaker::writeFrames(ArtefactWriter& writer,
                                 const Buffer& before,
                                 const Buffer& after,
                                 bool all) {
    const Buffer zero(m_pageSize);
    bool drop = m_dropFirstFrame && writer.commitCount() == 0;
    for (std::size_t at = 0; at < after.size(); at += m_pageSize) {
        const ByteView now = ByteView(after).subspan(at, m_pageSize);
        const ByteView old =
            at < before.size() ? ByteView(before).subspan(at, m_pageSize) : ByteView(zero);
        const bool changed = !std::equal(now.begin(), now.end(), old.begin());
        const bool dropped = changed && std::exchange(drop, drop && !changed);
        if ((all || changed) && !dropped) {
            const std::uint64_t page = at / m_pageSize + firstPageOf(m_engine);
            ENGINE_TRY(writer.frame(PageFrame{page, 0, now}));
        }
    }
    return {};
}

std::size_t HistoryMaker::store(ArtefactHead head,
                                const std::vector<std::size_t>& states,
                                std::size_t from) {
    MadeArtefact made{head.kind, states, from, randomArtefactId(), {}};
    head.id = made.id;
    head.database = m_location.database;
    head.generation = m_states[states.front()].generation;
    head.writer = m_writer;
    head.engine = m_engine;
    head.pageSize = m_pageSize;
    head.seed = m_seed;
    head.createdAt = m_states[states.front()].time;
    ReplicaSink sink(*m_replica, made.objects);
    ArtefactWriterOptions options;
    options.location = m_location;
    options.partBytesTarget = m_partBytes;
    Result<std::unique_ptr<ArtefactWriter>> writer = ArtefactWriter::create(head, options, sink);
    ENSURE(writer.ok());
    const bool isSnapshot = head.kind == ArtefactKind::Snapshot;
    std::size_t before = from;
    for (const std::size_t number : states) {
        const MadeState& state = m_states[number];
        if (isSnapshot && head.firstTxId != state.tx) {
            // The pass met older pages; the newer ones are appended and win.
            ENSURE(writeFrames(*writer.value(), {}, m_states[state.parent].image, true).ok());
        }
        ENSURE(writeFrames(*writer.value(), m_states[before].image, state.image, isSnapshot).ok());
        Commit commit;
        commit.tx = state.tx;
        commit.seenAt = state.time;
        commit.pageSize = m_pageSize;
        commit.highWaterMark = state.highWaterMark(m_pageSize);
        commit.parentRoot = isSnapshot ? Root{} : m_states[before].root;
        commit.root = state.root;
        commit.catchUp = state.catchUp;
        ENSURE(writer.value()->commit(commit).ok());
        before = number;
    }
    ENSURE(writer.value()->finish().ok());
    m_artefacts.push_back(std::move(made));
    return m_artefacts.size() - 1;
}

std::size_t HistoryMaker::segment(std::size_t from, const std::vector<std::size_t>& states) {
    ArtefactHead head;
    head.kind = ArtefactKind::Segment;
    head.parentTxId = m_states[from].tx;
    head.firstTxId = m_states[states.front()].tx;
    return store(head, states, from);
}

std::size_t HistoryMaker::snapshot(std::size_t state, TxId beganAt) {
    ArtefactHead head;
    head.kind = ArtefactKind::Snapshot;
    head.firstTxId = beganAt.value == 0 ? m_states[state].tx : beganAt;
    return store(head, {state}, state);
}

Buffer HistoryMaker::randomImage(std::uint64_t pages, std::mt19937_64& random) const {
    Buffer image(pages * m_pageSize);
    for (std::size_t at = 0; at < image.size(); at += 8) {
        storeLe(image.data() + at, random());
    }
    return image;
}

Buffer HistoryMaker::changed(const Buffer& image,
                             std::mt19937_64& random,
                             std::uint64_t pagesMax) const {
    Buffer next = image;
    std::uint64_t pages = next.size() / m_pageSize;
    if (random() % 4 == 0) {
        pages = 1 + random() % pagesMax;  // grows with zeros, or shrinks
        next.resize(pages * m_pageSize);
    }
    for (std::uint64_t count = 1 + random() % 3; count > 0; --count) {
        const std::uint64_t page = random() % pages;
        const bool toZero = random() % 8 == 0;
        for (std::size_t at = 0; at < m_pageSize; at += 8) {
            storeLe(next.data() + page * m_pageSize + at, toZero ? 0 : random());
        }
    }
    return next;
}

void HistoryMaker::remove(std::size_t artefact) {
    ENSURE(m_replica->remove(m_artefacts[artefact].objects, {}).ok());
    m_artefacts.erase(m_artefacts.begin() + static_cast<std::ptrdiff_t>(artefact));
}

History HistoryMaker::load() const {
    Result<History> history = loadHistory(*m_replica, m_location, nullptr, nullptr, {});
    ENSURE(history.ok());
    return std::move(history).value();
}

const MadeState* HistoryMaker::find(GenerationId generation, TxId tx, const Root& root) const {
    for (const MadeState& state : m_states) {
        if (state.generation == generation && state.tx == tx && state.root == root) {
            return &state;
        }
    }
    return nullptr;
}

}  // namespace engine
