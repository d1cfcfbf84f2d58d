// SPDX-License-Identifier: Apache-2.0
#include "tests/support/image_builder.h"

#include <algorithm>

namespace oracle {

using engine::ArtefactKind;
using engine::Commit;
using engine::Status;

void ImageBuilder::beginArtefact(const engine::ArtefactHead& head) {
    m_head = head;
    m_pending.clear();
}

Status ImageBuilder::frame(const engine::PageFrame& frame) {
    m_pending.push_back({frame.page, engine::Buffer(frame.bytes.begin(), frame.bytes.end())});
    return {};
}

Status ImageBuilder::commit(const Commit& commit) {
    if (m_head.kind == ArtefactKind::Snapshot) {
        m_map = engine::PageMap(commit.pageSize, 1, m_head.seed);
        m_image.clear();
        m_hasImage = true;
        apply(commit);
    } else if (m_hasImage && commit.tx > m_tx && commit.parentRoot == m_map.root()) {
        apply(commit);
    }
    m_pending.clear();
    return {};
}

void ImageBuilder::apply(const Commit& commit) {
    const std::size_t pageSize = m_map.pageSize();
    m_map.resize(commit.highWaterMark);
    m_image.resize(commit.highWaterMark * pageSize);
    for (const Pending& pending : m_pending) {
        if (!m_map.contains(pending.page) || pending.bytes.size() != pageSize) {
            continue;  // the root will not be right then
        }
        std::copy(pending.bytes.begin(),
                  pending.bytes.end(),
                  m_image.begin() + static_cast<std::ptrdiff_t>((pending.page - 1) * pageSize));
        m_map.set(pending.page, m_map.hashOf(pending.bytes));
    }
    m_tx = commit.tx;
    m_applied(commit, m_map.root(), m_image);
}

}  // namespace oracle
