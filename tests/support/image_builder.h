// SPDX-License-Identifier: Apache-2.0
// Applies the commits of artefacts to a database image in memory, with nothing but their frames.
#pragma once

#include <functional>

#include "engine/format/artefact.h"
#include "engine/format/page_map.h"

namespace oracle {

/// A sink that follows one chain of roots: a commit is applied if the image has the root that it
/// names as parent, and is left out if the image is already further.
class ImageBuilder final : public engine::CommitSink {
public:
    /// applied is called after each commit that moved the image, with the image's own root.
    using Applied = std::function<void(
        const engine::Commit& commit, const engine::Root& rebuiltRoot, engine::ByteView image)>;

    explicit ImageBuilder(Applied applied)
        : m_applied(std::move(applied)) {}

    /// Which artefact the next frames are from. A snapshot replaces the image.
    void beginArtefact(const engine::ArtefactHead& head);
    engine::Status frame(const engine::PageFrame& frame) override;
    engine::Status commit(const engine::Commit& commit) override;

    void abandon() override { m_pending.clear(); }

    bool hasImage() const noexcept { return m_hasImage; }

    engine::TxId tx() const noexcept { return m_tx; }

private:
    struct Pending {
        std::uint64_t page = 0;
        engine::Buffer bytes;
    };

    void apply(const engine::Commit& commit);

    Applied m_applied;
    engine::ArtefactHead m_head;
    bool m_hasImage = false;
    engine::TxId m_tx;
    engine::Buffer m_image;
    engine::PageMap m_map;
    std::vector<Pending> m_pending;
};

}  // namespace oracle
