// SPDX-License-Identifier: Apache-2.0
// Makes histories with the real writer on a replica in memory, and keeps a full copy of the image
// at every state: what a restore is compared with.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "engine/format/artefact_writer.h"
#include "engine/format/page_map.h"
#include "engine/history/history.h"
#include "engine/history/restore_plan.h"
#include "engine/replica/memory_replica.h"

namespace engine {

/// One recorded state, by number in HistoryMaker::states().
struct MadeState {
    GenerationId generation;
    TxId tx;
    Time time;
    Root root;
    std::size_t parent = 0;  // itself: the first of its generation
    Buffer image;
    bool catchUp = false;

    std::uint64_t highWaterMark(std::uint32_t pageSize) const { return image.size() / pageSize; }
};

/// What was stored of it, for oracles.
struct MadeArtefact {
    ArtefactKind kind = ArtefactKind::Segment;
    std::vector<std::size_t> states;  // that its commits lead to, in order
    std::size_t from = 0;             // segment: the state before the first
    ArtefactId id;
    std::vector<std::string> objects;
};

class HistoryMaker {
public:
    explicit HistoryMaker(std::uint32_t pageSize = 512,
                          DatabaseEngine engine = DatabaseEngine::Sqlite);

    /// The first state of a new generation.
    std::size_t begin(TxId tx, Time time, Buffer image);
    /// A state that follows another.
    std::size_t follow(std::size_t parent, TxId tx, Time time, Buffer image, bool catchUp = false);
    /// Stores artefacts; states lead from one to the next (a state that skips some is a merge).
    std::size_t segment(std::size_t from, const std::vector<std::size_t>& states);
    /// beganAt: the TxId at which the pass began; frames may hold a page twice.
    std::size_t snapshot(std::size_t state, TxId beganAt = {});

    /// An image like another with some pages changed, and grown or shrunk at random.
    Buffer changed(const Buffer& image, std::mt19937_64& random, std::uint64_t pagesMax) const;
    Buffer randomImage(std::uint64_t pages, std::mt19937_64& random) const;

    void remove(std::size_t artefact);
    History load() const;
    const MadeState* find(GenerationId generation, TxId tx, const Root& root) const;

    void setPartBytes(std::uint32_t bytes) { m_partBytes = bytes; }

    void setWriter(WriterId writer) { m_writer = writer; }

    /// A recorder with a bug: the first frame of each segment is not written.
    void setDropFirstFrame(bool drop) { m_dropFirstFrame = drop; }

    const DatabaseLocation& location() const noexcept { return m_location; }

    std::uint32_t pageSize() const noexcept { return m_pageSize; }

    MemoryReplica& replica() const noexcept { return *m_replica; }

    const std::vector<MadeState>& states() const noexcept { return m_states; }

    const std::vector<MadeArtefact>& artefacts() const noexcept { return m_artefacts; }

private:
    std::size_t store(ArtefactHead head, const std::vector<std::size_t>& states, std::size_t from);
    Status writeFrames(ArtefactWriter& writer, const Buffer& before, const Buffer& after, bool all);
    Root rootOf(const Buffer& image) const;

    const std::uint32_t m_pageSize;
    const DatabaseEngine m_engine;
    const DatabaseLocation m_location{ComputerId{0xc0}, DatabaseId{0xdb}};
    const std::uint64_t m_seed = 0x5eed;
    WriterId m_writer{0x77};
    std::uint32_t m_partBytes = 1u << 20;
    bool m_dropFirstFrame = false;
    std::uint64_t m_generations = 0;
    std::unique_ptr<MemoryReplica> m_replica = std::make_unique<MemoryReplica>();
    std::vector<MadeState> m_states;
    std::vector<MadeArtefact> m_artefacts;
};

}  // namespace engine
