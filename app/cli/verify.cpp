// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <random>

#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "app/cli/replica_access.h"
#include "app/cli/scratch_folder.h"
#include "app/common/quantity.h"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;
using engine::Error;
using engine::ErrorCode;
using engine::Result;
using engine::TimelinePoint;

constexpr std::size_t kRandomPoints = 2;

Error damage(std::string message, bool isAll) {
    return Error{ErrorCode::Corruption, std::move(message)}
        .withEffect(isAll ? "nothing of this database can be restored from this replica"
                          : "every other point can still be restored")
        .withFix(
            "restore from another replica, or let a new snapshot be made with the command "
            "snapshot");
}

Outcome done(const Json& result, const Session& session) {
    if (session.json) {
        printLine(result.dump(2, ' ', false, Json::error_handler_t::replace));
    }
    return Exit::Done;
}

Outcome failed(Error error, const Json& result) {
    Outcome outcome(std::move(error));
    outcome.result = result.dump(-1, ' ', false, Json::error_handler_t::replace);
    return outcome;
}

Json toJson(const engine::VerifyReport& report) {
    Json damaged = Json::array();
    for (const engine::DamagedObject& object : report.damaged) {
        damaged.push_back({{"object", object.name}, {"problem", object.problem}});
    }
    Json lost = Json::array();
    for (const engine::Point& point : report.lost) {
        lost.push_back(engine::toText(point));
    }
    return {{"objects", report.objects},
            {"bytes", report.bytes},
            {"points", report.points},
            {"damaged", damaged},
            {"lost", lost}};
}

/// A proof of nothing is none.
Error nothingStored(const OpenHistory& open) {
    return Error{ErrorCode::NotFound,
                 "nothing of " + open.name() + " is stored here that could be restored"}
        .withEffect("nothing of this database can be restored from this replica")
        .withFix("store it with strandline-cli replicate --once");
}

void printForPeople(const engine::VerifyReport& report) {
    for (const engine::DamagedObject& object : report.damaged) {
        printLine("damaged: " + app::safeText(object.name) + ": " + app::safeText(object.problem));
    }
    for (const engine::Point& point : report.lost) {
        printLine("lost: " + engine::toText(point));
    }
    printLine(
        std::to_string(report.objects) + " objects, " + app::toSizeLabel(report.bytes) +
        " checked; " +
        std::to_string(report.points - std::min<std::uint64_t>(report.points, report.lost.size())) +
        " of " + std::to_string(report.points) + " points can be restored");
}

Outcome verifyAll(const OpenHistory& open, const Session& session) {
    ProgressBar bar(session);
    const auto progress = [&bar](const engine::VerifyProgress& at) {
        bar.show("Verify", at.bytesDone, at.bytesTotal);
    };
    ENGINE_TRY_ASSIGN(const engine::VerifyReport report,
                      open.replica.session->verify(*open.history, progress, session.stop));
    if (!session.json) {
        printForPeople(report);
    }
    const bool nothing = report.points == report.lost.size();
    if (report.damaged.empty() && nothing) {
        return failed(nothingStored(open), toJson(report));
    }
    if (report.damaged.empty() && report.lost.empty()) {
        return done(toJson(report), session);
    }
    return failed(
        damage(std::to_string(report.damaged.size()) + " objects are damaged or hang in the air, " +
                   std::to_string(report.lost.size()) + " points are lost",
               nothing),
        toJson(report));
}

/// The newest point that can be reached and some others, each once.
std::vector<TimelinePoint> sampleOf(const engine::History& history) {
    std::vector<TimelinePoint> timeline = engine::buildTimeline(history);
    std::vector<TimelinePoint> sample;
    const engine::PlanResult newest = engine::planRestore(history, engine::RestoreTarget{});
    const auto found = std::find_if(timeline.begin(), timeline.end(), [&](const auto& point) {
        return newest.ok() && point.point == newest.plan->point && point.root == newest.plan->root;
    });
    if (found == timeline.end()) {
        return sample;
    }
    sample.push_back(*found);
    timeline.erase(found);
    std::random_device random;
    std::sample(timeline.begin(),
                timeline.end(),
                std::back_inserter(sample),
                kRandomPoints,
                std::mt19937(random()));
    return sample;
}

/// Restores the point into a file of its own, with every check, and drops it.
engine::Status rehearse(const OpenHistory& open,
                        const TimelinePoint& point,
                        const Session& session) {
    ENGINE_TRY_ASSIGN(const ScratchFolder scratch, ScratchFolder::make("strandline-verify"));
    engine::RestoreTarget target;
    target.kind = engine::RestoreTarget::Kind::Tx;
    target.generation = point.point.generation;
    target.tx = point.point.tx;
    target.root = point.root;
    const engine::PlanResult planned = engine::planRestore(*open.history, target);
    if (!planned.ok()) {
        return Error{planned.failure.code, planned.failure.reason};
    }
    engine::RestoreOptions options;
    options.targetPath = engine::joinPath(scratch.path(), "restored.db");
    const Result<engine::RestoreReport> report =
        open.replica.session->restore(*open.history, *planned.plan, options, session.stop);
    return report.ok() ? engine::Status{} : engine::Status{report.error()};
}

Outcome verifySample(const OpenHistory& open, const Session& session) {
    Json list = Json::array();
    std::size_t bad = 0;
    const std::vector<TimelinePoint> sample = sampleOf(*open.history);
    for (const TimelinePoint& point : sample) {
        const engine::Status proved = rehearse(open, point, session);
        if (!proved.ok() && proved.error().code == ErrorCode::Cancelled) {
            return proved.error();
        }
        bad += proved.ok() ? 0u : 1u;
        const std::string name = engine::toText(point.point);
        list.push_back({{"point", name},
                        {"time", engine::toRfc3339(point.time)},
                        {"ok", proved.ok()},
                        {"problem", proved.ok() ? Json() : Json(proved.error().message)}});
        if (!session.json) {
            printLine(name + "  " + momentText(point.time) + "  " +
                      (proved.ok() ? "restored and checked"
                                   : "failed: " + app::safeText(proved.error().message)));
        }
    }
    const engine::LostPoints lost = engine::findLost(*open.history);
    if (!lost.points.empty()) {
        return failed(damage(std::to_string(lost.points.size()) +
                                 " stored points cannot be restored: " + lost.reason,
                             sample.empty()),
                      list);
    }
    if (sample.empty()) {
        return nothingStored(open);
    }
    if (bad != 0) {
        return failed(damage(std::to_string(bad) + " of " + std::to_string(sample.size()) +
                                 " points cannot be restored",
                             false),
                      list);
    }
    return done(list, session);
}

Outcome run(const Args& args, const Session& session) {
    ENGINE_TRY_ASSIGN(const OpenHistory open, openHistory(args, session));
    return args.has("--sample") ? verifySample(open, session) : verifyAll(open, session);
}

}  // namespace

CommandSpec verifyCommand() {
    CommandSpec spec;
    spec.name = "verify";
    spec.summary = "proves a history: every object read and checked";
    spec.example =
        "strandline-cli verify --replica file:///media/backup/strandline --database notes";
    spec.options = historyOptions();
    spec.options.push_back(
        {"--sample", "", "instead: rehearse a restore of the newest and some random points"});
    spec.run = &run;
    return spec;
}

}  // namespace cli
