// SPDX-License-Identifier: Apache-2.0
#include "engine/shadow/shadow_recovery.h"

#include <algorithm>
#include <tuple>

#include "engine/base/file_system.h"
#include "engine/base/log.h"
#include "engine/shadow/part_file.h"

namespace engine {
namespace {

/// The part files that carry the name of one artefact.
struct PartFiles {
    std::vector<PartName> names;     // sorted by part
    std::vector<std::string> paths;  // of the same order
};

bool startsWith(std::string_view text, std::string_view start) noexcept {
    return text.substr(0, start.size()) == start;
}

bool endsWith(std::string_view text, std::string_view end) noexcept {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool sameArtefact(const PartName& a, const PartName& b) {
    return a.firstTx == b.firstTx && a.writer == b.writer && a.artefact == b.artefact;
}

/// Damage costs a segment; anything else (no permission, too many open files, a newer version)
/// must not be mistaken for it.
bool isDamage(ErrorCode code) noexcept {
    return code == ErrorCode::Corruption || code == ErrorCode::InvalidArgument ||
           code == ErrorCode::NotFound || code == ErrorCode::Io;
}

Error broken(std::string what) {
    return Error{ErrorCode::Corruption, std::move(what)};
}

/// The numbers 1..n once each, and only the last one named so.
Status checkComplete(const PartFiles& files) {
    for (std::size_t i = 0; i < files.names.size(); ++i) {
        const bool isLast = i + 1 == files.names.size();
        if (files.names[i].part != i + 1 || files.names[i].last.has_value() != isLast) {
            return broken(files.paths[i] + ": a part of the segment is missing or there twice");
        }
    }
    return {};
}

/// The name and the contents must tell the same story.
Status checkTable(const PartName& lastName, const ArtefactTable& table) {
    const ArtefactHead& head = table.head;
    const bool sameName = head.id == lastName.artefact && head.kind == ArtefactKind::Segment &&
                          head.database == lastName.location.database &&
                          head.generation == lastName.generation &&
                          head.writer == lastName.writer && head.firstTxId == lastName.firstTx;
    const bool sameEnd = !table.commits.empty() && lastName.last &&
                         table.summary.lastTxId == lastName.last->lastTx &&
                         table.commits.front().tx >= head.firstTxId &&
                         table.commits.back().tx == lastName.last->lastTx &&
                         table.commits.back().root == table.summary.root;
    if (!sameName || !sameEnd || head.parentTxId >= head.firstTxId) {
        return broken("the segment's contents do not belong to its name");
    }
    for (std::size_t i = 1; i < table.commits.size(); ++i) {
        const CommitEntry& before = table.commits[i - 1];
        if (table.commits[i].tx <= before.tx || table.commits[i].parentRoot != before.root) {
            return broken("the segment's commits do not follow each other");
        }
    }
    return {};
}

Result<ShadowSegment> readSegment(const PartFiles& files) {
    ENGINE_TRY(checkComplete(files));
    ENGINE_TRY_ASSIGN(const ArtefactTable table,
                      readTableFromFiles(files.paths.front(), files.paths.back()));
    const PartName& lastName = files.names.back();
    ENGINE_TRY(checkTable(lastName, table));
    ShadowSegment segment;
    segment.generation = lastName.generation;
    segment.parentTx = table.head.parentTxId;
    segment.firstTx = lastName.firstTx;
    segment.lastTx = lastName.last->lastTx;
    segment.firstTime = lastName.last->firstTime;
    segment.lastTime = lastName.last->lastTime;
    segment.createdAt = table.head.createdAt;
    segment.parentRoot = table.commits.front().parentRoot;
    segment.root = table.commits.back().root;
    segment.commits = table.commits.size();
    segment.plainBytes = table.summary.pageCount * table.head.pageSize;
    segment.partPaths = files.paths;
    for (const std::string& path : files.paths) {
        ENGINE_TRY_ASSIGN(const FileFacts facts, factsOf(path));
        segment.fileBytes += facts.size;
    }
    return segment;
}

bool contradicts(const ShadowSegment& before, const ShadowSegment& segment) noexcept {
    return segment.parentTx < before.lastTx ||
           (segment.parentTx == before.lastTx && segment.parentRoot != before.root);
}

/// One generation's folder. Looks first and changes afterwards, so that a log which cannot be read
/// for another reason than damage is left as it is.
class GenerationFolder {
public:
    GenerationFolder(std::string path, const DatabaseLocation& location, GenerationId generation)
        : m_path(std::move(path))
        , m_location(location)
        , m_generation(generation) {}

    Status look();
    Status cleanUp(ShadowRecovery& report) const;

    const std::vector<ShadowSegment>& segments() const noexcept { return m_segments; }

private:
    Status sortFiles(const std::vector<FolderEntry>& entries);
    void group(std::vector<PartName> names);
    Status follow();
    void noteProblem(std::string problem);

    const std::string m_path;
    const DatabaseLocation m_location;
    const GenerationId m_generation;
    std::vector<PartFiles> m_artefacts;
    std::vector<ShadowSegment> m_segments;
    std::vector<std::string> m_unpublished;
    std::vector<std::string> m_bad;
    std::uint64_t m_holes = 0;
    std::string m_problem;
};

Status GenerationFolder::look() {
    ENGINE_TRY_ASSIGN(const std::vector<FolderEntry> entries, listFolder(m_path));
    std::vector<PartName> names;
    for (const FolderEntry& entry : entries) {
        if (startsWith(entry.name, kTemporaryPrefix)) {
            m_unpublished.push_back(joinPath(m_path, entry.name));
        } else if (auto name = parsePartFileName(m_location, m_generation, entry.name); name.ok()) {
            names.push_back(std::move(name).value());
        }
    }
    group(std::move(names));
    return follow();
}

void GenerationFolder::group(std::vector<PartName> names) {
    std::sort(names.begin(), names.end(), [](const PartName& a, const PartName& b) {
        return std::tie(a.firstTx, a.writer, a.artefact, a.part) <
               std::tie(b.firstTx, b.writer, b.artefact, b.part);
    });
    for (PartName& name : names) {
        if (m_artefacts.empty() || !sameArtefact(m_artefacts.back().names.back(), name)) {
            m_artefacts.emplace_back();
        }
        m_artefacts.back().paths.push_back(joinPath(m_path, fileNameOf(name.text())));
        m_artefacts.back().names.push_back(std::move(name));
    }
}

/// Keeps every whole segment that does not contradict the ones before it. What is missing between
/// two of them costs what was in it, not what follows.
Status GenerationFolder::follow() {
    for (const PartFiles& files : m_artefacts) {
        if (!files.names.back().last) {
            // The last part is renamed last: without it the segment was never part of the log.
            m_unpublished.insert(m_unpublished.end(), files.paths.begin(), files.paths.end());
            continue;
        }
        Result<ShadowSegment> segment = readSegment(files);
        if (!segment.ok() && !isDamage(segment.error().code)) {
            return std::move(segment).error().context("shadow log " + m_path);
        }
        if (segment.ok() && !m_segments.empty() &&
            contradicts(m_segments.back(), segment.value())) {
            segment = broken("does not follow the segment before it");
        }
        if (!segment.ok()) {
            noteProblem(files.paths.back() + ": " + segment.error().message);
            m_bad.insert(m_bad.end(), files.paths.begin(), files.paths.end());
            continue;
        }
        if (!m_segments.empty() && segment.value().parentTx > m_segments.back().lastTx) {
            noteProblem("changes " + std::to_string(m_segments.back().lastTx.next().value) +
                        " to " + std::to_string(segment.value().parentTx.value) + " are missing");
            ++m_holes;
        }
        m_segments.push_back(std::move(segment).value());
    }
    return {};
}

void GenerationFolder::noteProblem(std::string problem) {
    if (m_problem.empty()) {
        m_problem = std::move(problem);
    }
}

Status GenerationFolder::cleanUp(ShadowRecovery& report) const {
    for (const std::string& path : m_unpublished) {
        ENGINE_TRY(removeFile(path));
    }
    for (const std::string& path : m_bad) {
        ENGINE_TRY(renameReplace(path, path + std::string(kBadSuffix)));
    }
    report.segments += m_segments.size();
    report.unpublished += m_unpublished.size();
    report.setAside += m_bad.size();
    report.holes += m_holes;
    if (report.firstProblem.empty()) {
        report.firstProblem = m_problem;
    }
    return {};
}

}  // namespace

Result<PartName> parsePartFileName(const DatabaseLocation& location,
                                   GenerationId generation,
                                   std::string_view fileName) {
    if (endsWith(fileName, kBadSuffix)) {
        return Error{ErrorCode::InvalidArgument, "set aside"};
    }
    ENGINE_TRY_ASSIGN(PartName name,
                      PartName::parse(folderOf(location, generation) + std::string(fileName)));
    if (name.kind != ArtefactKind::Segment) {
        return Error{ErrorCode::InvalidArgument, "not a segment"};
    }
    return name;
}

Result<RecoveredLog> recoverShadowFolder(const std::string& folder,
                                         const DatabaseLocation& location) {
    ENGINE_TRY_ASSIGN(const std::vector<FolderEntry> entries, listFolder(folder));
    std::vector<GenerationFolder> generations;
    for (const FolderEntry& entry : entries) {
        const Result<GenerationId> generation = GenerationId::parse(entry.name);
        if (entry.isDirectory && generation.ok()) {
            generations.emplace_back(joinPath(folder, entry.name), location, generation.value());
            ENGINE_TRY(generations.back().look());
        }
    }
    RecoveredLog log;
    std::vector<const GenerationFolder*> born;
    for (const GenerationFolder& generation : generations) {
        ENGINE_TRY(generation.cleanUp(log.report));
        if (!generation.segments().empty()) {
            born.push_back(&generation);
        }
    }
    std::sort(born.begin(), born.end(), [](const GenerationFolder* a, const GenerationFolder* b) {
        const ShadowSegment& first = a->segments().front();
        const ShadowSegment& second = b->segments().front();
        return std::tie(first.createdAt, first.generation) <
               std::tie(second.createdAt, second.generation);
    });
    for (const GenerationFolder* generation : born) {
        log.segments.insert(
            log.segments.end(), generation->segments().begin(), generation->segments().end());
    }
    return log;
}

}  // namespace engine
