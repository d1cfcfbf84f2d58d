// SPDX-License-Identifier: Apache-2.0
#include "engine/restore/restorer.h"

#include <algorithm>

#include "engine/base/file_system.h"
#include "engine/base/log.h"
#include "engine/history/state_graph.h"
#include "engine/restore/background_sync.h"
#include "engine/restore/image_builder.h"
#include "engine/restore/staged_file.h"
#include "engine/restore/verifier.h"

namespace engine {

namespace {

constexpr unsigned kUnpackThreadsMax = 8;
/// Kept free beside the file: the folder itself, and whoever else lives there.
constexpr std::uint64_t kSpareBytes = 1u << 20;

using Stage = RestoreProgress::Stage;

/// What went wrong while the file was built, and in which artefact where that is known.
struct BuildFailure {
    Error error;
    std::optional<std::size_t> artefact;
};

unsigned unpackThreads() {
    return std::clamp(std::jthread::hardware_concurrency(), 1u, kUnpackThreadsMax);
}

Status checkSpace(const std::string& target, const RestorePlan& plan) {
    ENGINE_TRY_ASSIGN(const std::uint64_t available, freeSpace(parentOf(target)));
    const std::uint64_t needed = plan.highWaterMark * plan.pageSize;
    if (available < kSpareBytes || available - kSpareBytes < needed) {
        return Error{ErrorCode::NoSpace,
                     "the restored file needs " + std::to_string(needed) + " bytes, " +
                         std::to_string(available) + " are free in " + parentOf(target)};
    }
    return {};
}

/// Plans come from the planner; one that does not fit the history is the caller's mistake.
Status checkPlan(const History& history, const RestorePlan& plan) {
    for (const PlannedArtefact& planned : plan.artefacts) {
        const bool known = planned.artefact < history.artefacts.size() &&
                           history.artefacts[planned.artefact].table != nullptr;
        const std::size_t commits =
            known ? history.artefacts[planned.artefact].table->commits.size() : 0;
        if (planned.commitCount == 0 || planned.firstCommit >= commits ||
            planned.commitCount > commits - planned.firstCommit) {
            return Error{ErrorCode::InvalidArgument, "the plan was made for another history"};
        }
    }
    return plan.artefacts.empty() ? Status(Error{ErrorCode::InvalidArgument, "the plan is empty"})
                                  : Status();
}

/// One restore: holds what its stages share. Used once, by one thread.
class Restore {
public:
    Restore(const RestoreSource& source,
            const History& history,
            const RestorePlan& plan,
            const RestoreOptions& options,
            std::stop_token stop)
        : m_source(source)
        , m_history(history)
        , m_plan(plan)
        , m_options(options)
        , m_stop(std::move(stop))
        , m_pool(unpackThreads()) {
        m_report.notes = plan.notes;
    }

    Result<RestoreReport> run() {
        const bool isSqlite = m_plan.engine == DatabaseEngine::Sqlite;
        tell(Stage::Plan, 0, 1);
        ENGINE_TRY(checkPlan(m_history, m_plan));
        ENGINE_TRY_ASSIGN(StagedFile staged,
                          StagedFile::create(m_options.targetPath, m_options.asidePath, isSqlite));
        const std::string temporary = staged.path();
        Result<RestoreReport> report = runInto(staged);
        if (report.ok()) {
            return report;
        }
        // The temporary name helps nobody.
        Error error = std::move(report).error();
        if (const std::size_t at = error.message.find(temporary); at != std::string::npos) {
            error.message.replace(at, temporary.size(), m_options.targetPath);
        }
        return error;
    }

private:
    static Error cancelled() { return Error{ErrorCode::Cancelled, "the restore was stopped"}; }

    Result<RestoreReport> runInto(StagedFile& staged) {
        ENGINE_TRY(checkSpace(m_options.targetPath, m_plan));
        BackgroundSync sync(staged.file());
        ENGINE_TRY(buildAroundDamage(staged.file(), sync));

        const std::uint64_t size = m_plan.highWaterMark * m_plan.pageSize;
        sync.finish(size);
        tell(Stage::Check, 0, size);
        ENGINE_TRY(check(staged.path()));
        tell(Stage::Check, size, size);
        ENGINE_TRY(sync.wait());
        if (m_stop.stop_requested()) {
            return cancelled();
        }
        tell(Stage::Publish, 0, 1);
        if (!m_options.asidePath.empty() && m_options.mayReplace) {
            ENGINE_TRY(m_options.mayReplace());
        }
        ENGINE_TRY(staged.publish());
        tell(Stage::Done, 1, 1);
        m_report.point = m_plan.point;
        m_report.time = m_plan.time;
        m_report.bytes = size;
        m_report.artefacts = m_plan.artefacts.size();
        return std::move(m_report);
    }

    void tell(Stage stage, std::uint64_t done, std::uint64_t total) const {
        if (m_options.progress) {
            m_options.progress(RestoreProgress{stage, done, total});
        }
    }

    /// Where an artefact turns out to be damaged or gone, another way to the same state is tried.
    Status buildAroundDamage(File& file, BackgroundSync& sync) {
        while (true) {
            const std::optional<BuildFailure> failure = build(file, sync);
            if (!failure) {
                return {};
            }
            const ErrorCode code = failure->error.code;
            const bool damaged = code == ErrorCode::Corruption || code == ErrorCode::NotFound;
            if (!damaged || !failure->artefact || !planWithout(*failure)) {
                return failure->error;
            }
            log::restore().warn("restore goes another way: {}", failure->error.message);
            m_report.notes.push_back("Another copy was used, because of: " +
                                     failure->error.message);
            ENGINE_TRY(file.truncate(0));
        }
    }

    bool planWithout(const BuildFailure& failure) {
        HistoryArtefact& artefact = m_history.artefacts[*failure.artefact];
        artefact.table = nullptr;
        artefact.problem = failure.error.message;
        PlanResult other = planRestore(m_history,
                                       RestoreTarget{.kind = RestoreTarget::Kind::Tx,
                                                     .generation = m_plan.point.generation,
                                                     .tx = m_plan.point.tx,
                                                     .moment = {},
                                                     .root = m_plan.root});
        if (!other.ok()) {
            if (m_options.nearest && other.failure.nearest) {
                m_options.nearest(*other.failure.nearest);
            }
            return false;
        }
        m_plan = std::move(*other.plan);
        return true;
    }

    std::optional<BuildFailure> build(File& file, BackgroundSync& sync) {
        std::vector<PartJob> jobs = jobsOf(m_history, m_plan);
        const std::size_t count = jobs.size();
        tell(Stage::Fetch, 0, m_plan.bytesToFetch);
        PartFetcher fetcher(*m_source.replica,
                            m_source.sealer,
                            m_history,
                            std::move(jobs),
                            m_options.parallel,
                            m_stop);
        std::optional<BuildFailure> failure;
        {
            ImageBuilder builder(file, m_history, m_plan, m_source.sealer, m_pool);
            failure = feed(fetcher, builder, count, sync);
        }
        m_report.fetchedBytes += fetcher.fetchedBytes();
        return failure;
    }

    std::optional<BuildFailure> feed(PartFetcher& fetcher,
                                     ImageBuilder& builder,
                                     std::size_t count,
                                     BackgroundSync& sync) {
        if (Status begun = builder.begin(); !begun.ok()) {
            return BuildFailure{std::move(begun).error(), std::nullopt};
        }
        for (std::size_t i = 0; i < count; ++i) {
            Result<std::shared_ptr<FetchedPart>> part = fetcher.next();
            if (!part.ok()) {
                return BuildFailure{std::move(part).error(), fetcher.job().artefact};
            }
            if (Status applied = builder.apply(std::move(part).value()); !applied.ok()) {
                return BuildFailure{std::move(applied).error(), builder.damagedArtefact()};
            }
            sync.push();
            tell(Stage::Fetch,
                 std::min(fetcher.fetchedBytes(), m_plan.bytesToFetch),
                 m_plan.bytesToFetch);
        }
        tell(Stage::Rebuild, 0, 1);
        if (Status finished = builder.finish(); !finished.ok()) {
            return BuildFailure{std::move(finished).error(), builder.damagedArtefact()};
        }
        tell(Stage::Rebuild, 1, 1);
        return std::nullopt;
    }

    Status check(const std::string& path) {
        if (m_options.verify == VerifyLevel::None) {
            return {};
        }
        Status rooted = checkRoot(path,
                                  m_plan.pageSize,
                                  m_plan.seed,
                                  m_plan.engine,
                                  m_plan.highWaterMark,
                                  m_plan.root,
                                  m_stop);
        if (!rooted.ok()) {
            return std::move(rooted).error().context("point " + toText(m_plan.point));
        }
        if (m_options.verify != VerifyLevel::Full) {
            return {};
        }
        if (m_plan.engine != DatabaseEngine::Sqlite) {
            m_report.notes.push_back(
                "Every page is as it was recorded; bolt's own check was not run.");
            return {};
        }
        Result<std::vector<std::string>> notes = checkSqliteIntegrity(path, m_stop);
        if (!notes.ok()) {
            return std::move(notes).error().withFix(
                "Every page is as it was recorded: take an earlier point, or --verify pages to get "
                "the "
                "file as it was.");
        }
        m_report.notes.insert(m_report.notes.end(), notes.value().begin(), notes.value().end());
        return {};
    }

    const RestoreSource m_source;
    History m_history;  // a copy: what turns out to be damaged is taken out of it
    RestorePlan m_plan;
    const RestoreOptions& m_options;
    const std::stop_token m_stop;
    RestoreReport m_report;
    WorkerPool m_pool;
};

}  // namespace

Result<RestoreReport> restoreToFile(const RestoreSource& source,
                                    const History& history,
                                    const RestorePlan& plan,
                                    const RestoreOptions& options,
                                    std::stop_token stop) {
    ENSURE(source.replica != nullptr);
    Restore restore(source, history, plan, options, std::move(stop));
    Result<RestoreReport> report = restore.run();
    if (!report.ok() && report.error().effect.empty()) {
        return std::move(report).error().withEffect("nothing was written");
    }
    return report;
}

}  // namespace engine
