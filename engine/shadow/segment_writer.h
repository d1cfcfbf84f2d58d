// SPDX-License-Identifier: Apache-2.0
// Writes one segment of a shadow log: parts under temporary names, then published by rename.
#pragma once

#include "engine/shadow/shadow_log.h"

namespace engine {

/// An ArtefactWriter that remembers what the log's list needs to know of the commits.
class RecordingWriter final : public ArtefactWriter {
public:
    Status frame(const PageFrame& frame) override { return m_writer->frame(frame); }

    Status commit(const Commit& commit) override;

    void abandon() override { m_writer->abandon(); }

    Status finish() override { return m_writer->finish(); }

    std::uint64_t frameCount() const noexcept override { return m_writer->frameCount(); }

    std::uint64_t plainBytes() const noexcept override { return m_writer->plainBytes(); }

    std::uint64_t commitCount() const noexcept override { return m_writer->commitCount(); }

    void wrap(std::unique_ptr<ArtefactWriter> writer) { m_writer = std::move(writer); }

    const ShadowSegment& segment() const noexcept { return m_segment; }

private:
    std::unique_ptr<ArtefactWriter> m_writer;
    ShadowSegment m_segment;
};

class ShadowLog::FileSegmentWriter final : public SegmentWriter, private PartSink {
public:
    static Result<std::unique_ptr<FileSegmentWriter>> create(ShadowLog& log,
                                                             const ArtefactHead& head);
    ~FileSegmentWriter() override;
    FileSegmentWriter(const FileSegmentWriter&) = delete;
    FileSegmentWriter& operator=(const FileSegmentWriter&) = delete;

    ArtefactWriter& writer() override { return m_writer; }

    Result<ShadowSegment> publish(bool durable) override;

private:
    struct Part {
        std::string temporary;  // empty: renamed or removed
        std::string path;
    };

    FileSegmentWriter(ShadowLog& log, const ArtefactHead& head);
    Status part(FinishedPart part) override;
    Status writePart(const FinishedPart& part);
    ShadowSegment describe() const;
    Status makeDurable() const;
    Status renameParts();
    void removeParts() noexcept;

    ShadowLog& m_log;
    const ArtefactHead m_head;
    const std::string m_folder;  // of the generation
    RecordingWriter m_writer;
    std::vector<Part> m_parts;
    std::uint64_t m_fileBytes = 0;
    std::optional<LastPart> m_last;
    bool m_newFolder = false;
    bool m_published = false;
};

}  // namespace engine
