// SPDX-License-Identifier: Apache-2.0
#include "engine/shadow/segment_writer.h"

#include "engine/base/file_system.h"
#include "engine/shadow/shadow_recovery.h"

namespace engine {

Status RecordingWriter::commit(const Commit& commit) {
    ENGINE_TRY(m_writer->commit(commit));
    if (m_segment.commits == 0) {
        m_segment.firstTx = commit.tx;
        m_segment.parentRoot = commit.parentRoot;
    }
    m_segment.lastTx = commit.tx;
    m_segment.root = commit.root;
    ++m_segment.commits;
    return {};
}

ShadowLog::FileSegmentWriter::FileSegmentWriter(ShadowLog& log, const ArtefactHead& head)
    : m_log(log)
    , m_head(head)
    , m_folder(log.generationFolder(head.generation)) {}

Result<std::unique_ptr<ShadowLog::FileSegmentWriter>> ShadowLog::FileSegmentWriter::create(
    ShadowLog& log, const ArtefactHead& head) {
    std::unique_ptr<FileSegmentWriter> writer(new FileSegmentWriter(log, head));
    ArtefactWriterOptions options;
    options.location = log.m_location;
    ENGINE_TRY_ASSIGN(std::unique_ptr<ArtefactWriter> inner,
                      ArtefactWriter::create(head, options, *writer));
    writer->m_writer.wrap(std::move(inner));
    writer->m_newFolder = !factsOf(writer->m_folder).ok();
    ENGINE_TRY(makeFolders(writer->m_folder));
    return writer;
}

ShadowLog::FileSegmentWriter::~FileSegmentWriter() {
    removeParts();
}

Status ShadowLog::FileSegmentWriter::part(FinishedPart part) {
    const Status written = writePart(part);
    if (!written.ok() && written.error().sysErrno != 0) {
        // Each try has another temporary name, which helps nobody.
        return errnoError(written.error().sysErrno, "the local log in " + m_log.m_folder);
    }
    return written;
}

Status ShadowLog::FileSegmentWriter::writePart(const FinishedPart& part) {
    const std::string fileName = fileNameOf(part.name.text());
    Part entry{joinPath(m_folder, std::string(kTemporaryPrefix) + fileName),
               joinPath(m_folder, fileName)};
    ENGINE_TRY_ASSIGN(File file, File::open(entry.temporary, File::Mode::CreateTrunc));
    m_parts.push_back(std::move(entry));
    ENGINE_TRY(file.writeAt(0, part.bytes));
    m_fileBytes += part.bytes.size();
    m_last = part.name.last;
    return {};
}

ShadowSegment ShadowLog::FileSegmentWriter::describe() const {
    ShadowSegment segment = m_writer.segment();
    // What the name says and what was written must be the same, or the next open would set it
    // aside.
    ENSURE(m_last && m_last->lastTx == segment.lastTx && segment.firstTx >= m_head.firstTxId);
    segment.generation = m_head.generation;
    segment.parentTx = m_head.parentTxId;
    segment.firstTx = m_head.firstTxId;
    segment.createdAt = m_head.createdAt;
    segment.firstTime = m_last->firstTime;
    segment.lastTime = m_last->lastTime;
    segment.plainBytes = m_writer.plainBytes();
    segment.fileBytes = m_fileBytes;
    for (const Part& part : m_parts) {
        segment.partPaths.push_back(part.path);
    }
    return segment;
}

Status ShadowLog::FileSegmentWriter::makeDurable() const {
    for (const Part& part : m_parts) {
        ENGINE_TRY_ASSIGN(File file, File::open(part.temporary, File::Mode::ReadWrite));
        ENGINE_TRY(file.sync());
    }
    return {};
}

Status ShadowLog::FileSegmentWriter::renameParts() {
    for (Part& part : m_parts) {
        ENGINE_TRY(renameNoReplace(part.temporary, part.path));
        part.temporary.clear();
    }
    return {};
}

Result<ShadowSegment> ShadowLog::FileSegmentWriter::publish(bool durable) {
    ENSURE(!m_published);
    ENGINE_TRY(m_writer.finish());
    ShadowSegment segment = describe();
    ENGINE_TRY(m_log.checkFollows(segment));
    if (durable) {
        ENGINE_TRY(makeDurable());
    }
    ENGINE_TRY(renameParts());
    if (durable) {
        ENGINE_TRY(syncFolder(m_folder));
        ENGINE_TRY(syncFolder(m_log.m_folder));
    }
    m_published = true;
    m_log.append(segment);
    return segment;
}

/// Nothing of a segment that was not published stays; what cannot be removed goes at the next open.
void ShadowLog::FileSegmentWriter::removeParts() noexcept {
    if (m_published) {
        return;
    }
    for (auto part = m_parts.rbegin(); part != m_parts.rend(); ++part) {
        ignoreError(removeFile(part->temporary.empty() ? part->path : part->temporary),
                    "see above");
    }
    if (m_newFolder && listFolder(m_folder).ok() && listFolder(m_folder).value().empty()) {
        ignoreError(removeTree(m_folder), "an empty folder does no harm");
    }
}

}  // namespace engine
