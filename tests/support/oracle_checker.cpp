// SPDX-License-Identifier: Apache-2.0
#include "tests/support/oracle_checker.h"

#include <algorithm>
#include <random>
#include <set>

#include "engine/base/file_system.h"
#include "engine/format/artefact_reader.h"
#include "engine/history/listing.h"
#include "engine/replica/factory.h"
#include "engine/restore/restorer.h"

#include "tests/support/image_builder.h"

namespace oracle {

using engine::ArtefactKind;
using engine::HistoryArtefact;
using engine::Point;
using engine::Result;
using engine::Status;

Result<std::unique_ptr<Checker>> Checker::open(const std::string& replicaFolder,
                                               const std::string& logPath) {
    std::unique_ptr<Checker> checker(new Checker);
    ENGINE_TRY_ASSIGN(checker->m_states, readStates(logPath));
    for (std::size_t i = 0; i < checker->m_states.size(); ++i) {
        checker->m_stateOfImage.emplace(checker->m_states[i].image, i);
    }
    ENGINE_TRY_ASSIGN(checker->m_replica,
                      engine::makeReplica(engine::FileReplicaOptions{replicaFolder}));
    ENGINE_TRY(checker->m_replica->open({}));
    ENGINE_TRY_ASSIGN(const auto databases, engine::listDatabases(*checker->m_replica, {}));
    if (databases.size() != 1) {
        return engine::Error{
            engine::ErrorCode::NotFound,
            std::to_string(databases.size()) + " databases on the replica, not one"};
    }
    ENGINE_TRY_ASSIGN(
        checker->m_history,
        engine::loadHistory(*checker->m_replica, databases.front().location, nullptr, nullptr, {}));
    checker->m_timeline = engine::buildTimeline(checker->m_history);
    checker->m_report.states = checker->m_states.size();
    checker->m_report.points = checker->m_timeline.size();
    return checker;
}

void Checker::wrong(const std::string& problem) {
    m_report.wrong += 1;
    if (m_report.problems.size() < 20) {
        m_report.problems.push_back(problem);
    }
}

Status Checker::checkTimeline() {
    std::set<engine::GenerationId> generations;
    for (const HistoryArtefact& artefact : m_history.artefacts) {
        if (!artefact.table) {
            wrong("unreadable artefact: " + artefact.problem);
        } else if (generations.insert(artefact.descriptor.generation).second) {
            ENGINE_TRY(rebuildGeneration(artefact.descriptor.generation));
        }
    }
    m_report.generations = generations.size();
    const engine::TimelinePoint* before = nullptr;
    for (const engine::TimelinePoint& point : m_timeline) {
        comparePoint(point, before);
        before = &point;
    }
    if (before != nullptr && !m_states.empty()) {
        const auto newest = m_stateOfPoint.find(before->point);
        m_report.newestIsLast =
            newest != m_stateOfPoint.end() && newest->second + 1 == m_states.size();
    }
    return {};
}

Status Checker::rebuildGeneration(engine::GenerationId generation) {
    std::vector<const HistoryArtefact*> artefacts;
    for (const HistoryArtefact& artefact : m_history.artefacts) {
        if (artefact.table && artefact.descriptor.generation == generation) {
            artefacts.push_back(&artefact);
        }
    }
    // What was complete first comes first; at the same end, segments before the snapshot.
    std::sort(artefacts.begin(), artefacts.end(), [](const auto* a, const auto* b) {
        return std::pair(a->descriptor.lastTx, a->descriptor.kind) <
               std::pair(b->descriptor.lastTx, b->descriptor.kind);
    });
    const auto keep =
        [&](const engine::Commit& commit, const engine::Root& root, engine::ByteView image) {
            const Point point{generation, commit.tx};
            const engine::Hash128 hash = engine::xxh3_128(image);
            const auto [known, isNew] = m_rebuilt.emplace(point, hash);
            if (root != commit.root) {
                wrong(toText(point) + ": the root is not that of the pages");
            } else if (!isNew && known->second != hash) {
                wrong(toText(point) + ": two artefacts give different bytes");
            }
        };
    ImageBuilder builder(keep);
    for (const HistoryArtefact* artefact : artefacts) {
        const bool snapshot = artefact->descriptor.kind == ArtefactKind::Snapshot;
        // A later snapshot is compared on its own: it must not hide a hole in the segments.
        ImageBuilder alone(keep);
        ImageBuilder& target =
            snapshot && builder.hasImage() && builder.tx() >= artefact->descriptor.lastTx ? alone
                                                                                          : builder;
        target.beginArtefact(artefact->table->head);
        const auto fetch = [&](std::uint32_t part) {
            return m_replica->get(artefact->descriptor.parts.at(part - 1).name, {});
        };
        ENGINE_TRY(engine::replayArtefact(*artefact->table, fetch, nullptr, target));
    }
    return {};
}

void Checker::comparePoint(const engine::TimelinePoint& point,
                           const engine::TimelinePoint* before) {
    const std::string name = toText(point.point);
    const auto rebuilt = m_rebuilt.find(point.point);
    if (rebuilt == m_rebuilt.end()) {
        return wrong(name + ": offered, but the artefacts do not give it");
    }
    const bool sameGeneration =
        before != nullptr && before->point.generation == point.point.generation;
    const auto previous =
        before != nullptr ? m_stateOfPoint.find(before->point) : m_stateOfPoint.end();
    const std::size_t from =
        previous == m_stateOfPoint.end() ? 0 : previous->second + (sameGeneration ? 1 : 0);
    const auto [first, end] = m_stateOfImage.equal_range(rebuilt->second);
    const auto state =
        std::find_if(first, end, [&](const auto& entry) { return entry.second >= from; });
    if (state == end) {
        return wrong(name +
                     (first == end ? ": bytes that the database never had" : ": a step back"));
    }
    m_stateOfPoint.emplace(point.point, state->second);
    m_report.catchUps += point.kind == engine::PointKind::CatchUp ? 1u : 0u;
    if (point.kind != engine::PointKind::Change) {
        return;
    }
    m_report.alone += 1;
    if (!sameGeneration || previous == m_stateOfPoint.end() ||
        before->point.tx.next() != point.point.tx) {
        return;
    }
    const State& now = m_states[state->second];
    const State& then = m_states[previous->second];
    if (now.doubts == then.doubts && now.commits != then.commits + 1) {
        wrong(name + ": called one transaction, but it is " +
              std::to_string(now.commits - then.commits));
    }
}

Status Checker::checkRestores(std::size_t count, std::uint64_t seed, const std::string& folder) {
    std::mt19937_64 random(seed);
    for (std::size_t i = 0; i < count && !m_timeline.empty(); ++i) {
        const Point& point =
            i == 0 ? m_timeline.back().point : m_timeline[random() % m_timeline.size()].point;
        engine::RestoreTarget target;
        target.kind = engine::RestoreTarget::Kind::Tx;
        target.generation = point.generation;
        target.tx = point.tx;
        const engine::PlanResult planned = engine::planRestore(m_history, target);
        if (!planned.ok()) {
            wrong(toText(point) + ": offered, but cannot be planned: " + planned.failure.reason);
            continue;
        }
        engine::RestoreOptions options;
        options.targetPath = engine::joinPath(folder, "restored-" + std::to_string(i));
        ENGINE_TRY(engine::restoreToFile(
            {m_replica.get(), nullptr}, m_history, *planned.plan, options, {}));
        ENGINE_TRY_ASSIGN(const engine::Buffer bytes,
                          engine::readWholeFile(options.targetPath, 1u << 30));
        m_report.restored += 1;
        if (engine::xxh3_128(bytes) != m_rebuilt[point]) {
            wrong(toText(point) + ": the restored file has other bytes");
        }
        ENGINE_TRY(engine::removeFile(options.targetPath));
    }
    return {};
}

void Checker::checkStored(engine::GenerationId generation, engine::TxId tx) {
    const bool offered = std::any_of(m_timeline.begin(), m_timeline.end(), [&](const auto& point) {
        return point.point.generation == generation && point.point.tx >= tx;
    });
    if (!offered) {
        wrong(toText(Point{generation, tx}) + ": reported as stored, and lost");
    }
}

}  // namespace oracle
