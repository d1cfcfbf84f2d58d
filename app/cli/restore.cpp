// SPDX-License-Identifier: Apache-2.0
#include <array>

#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/existing_target.h"
#include "app/cli/output.h"
#include "app/cli/replica_access.h"
#include "app/common/local_time.h"
#include "app/common/quantity.h"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;
using engine::Error;
using engine::ErrorCode;
using engine::PointInTime;
using engine::RestoreTarget;
using engine::Result;

Error wrongUse(std::string message) {
    return Error{ErrorCode::InvalidArgument, std::move(message)}.withFix(
        "see strandline-cli restore --help");
}

Result<RestoreTarget> targetOf(const Args& args) {
    RestoreTarget target;
    const int ways =
        (args.has("--at") ? 1 : 0) + (args.has("--tx") ? 1 : 0) + (args.has("--point") ? 1 : 0);
    if (ways > 1) {
        return wrongUse("--at, --tx and --point exclude each other");
    }
    if (args.has("--point") && args.has("--generation")) {
        return wrongUse("--point names its generation already");
    }
    if (args.has("--generation")) {
        const Result<engine::GenerationId> id =
            engine::GenerationId::parse(args.text("--generation"));
        if (!id.ok()) {
            return wrongUse("--generation takes 16 hex digits");
        }
        target.generation = id.value();
    }
    if (args.has("--at")) {
        target.kind = RestoreTarget::Kind::Moment;
        ENGINE_TRY_ASSIGN(target.moment, app::parseMoment(args.text("--at")));
    } else if (args.has("--tx")) {
        target.kind = RestoreTarget::Kind::Tx;
        ENGINE_TRY_ASSIGN(target.tx.value, args.number("--tx", 0, 1, UINT64_MAX));
    } else if (args.has("--point")) {
        target.kind = RestoreTarget::Kind::Tx;
        ENGINE_TRY_ASSIGN(const engine::Point point, engine::parsePoint(args.text("--point")));
        target.generation = point.generation;
        target.tx = point.tx;
    }
    if (args.has("--root")) {
        if (target.kind != RestoreTarget::Kind::Tx) {
            return wrongUse("--root goes with --point or --tx");
        }
        const Result<engine::Root> root = engine::Root::parse(args.text("--root"));
        if (!root.ok()) {
            return wrongUse("--root takes 32 hex digits, as timeline --json prints them");
        }
        target.root = root.value();
    }
    return target;
}

Result<engine::RestoreOptions> optionsOf(const Args& args) {
    engine::RestoreOptions options;
    for (const char* name : {"--in-place", "--all", "--map"}) {
        if (args.has(name)) {
            return Error{ErrorCode::Unsupported,
                         "restore " + std::string(name) + " is not available in this version"}
                .withFix("restore to a new file with -o OUT");
        }
    }
    if (args.text("--output").empty()) {
        return wrongUse("restore needs -o OUT, the file to make");
    }
    if (args.text("--output").back() == '/') {
        return wrongUse("-o names a folder; OUT is the file to make");
    }
    options.targetPath = absolutePath(args.text("--output"));
    const std::string verify = args.has("--verify") ? args.text("--verify") : "full";
    if (verify != "full" && verify != "pages" && verify != "none") {
        return wrongUse("--verify takes full, pages or none");
    }
    options.verify = verify == "full"    ? engine::VerifyLevel::Full
                     : verify == "pages" ? engine::VerifyLevel::Pages
                                         : engine::VerifyLevel::None;
    ENGINE_TRY_ASSIGN(const std::uint64_t parallel,
                      args.number("--parallel", options.parallel, 1, 64));
    options.parallel = static_cast<unsigned>(parallel);
    if (args.has("--if-not-exists") && args.has("--if-needed")) {
        return wrongUse("--if-not-exists and --if-needed exclude each other");
    }
    return options;
}

Outcome withNearest(Error error, const std::optional<PointInTime>& nearest) {
    if (!nearest.has_value()) {
        return error;
    }
    const auto& [point, time] = *nearest;
    Outcome outcome(std::move(error).withFix("take the nearest point that works: --point " +
                                             engine::toText(point) + " of " + momentText(time)));
    outcome.candidates.push_back({point, time, std::nullopt});
    return outcome;
}

Outcome noPlan(const engine::PlanFailure& failure) {
    Error error{failure.code, failure.reason};
    if (failure.code == ErrorCode::InvalidArgument) {
        Outcome outcome(std::move(error).withFix("name one of these with --point"));
        outcome.candidates = failure.candidates;
        return outcome;
    }
    return withNearest(std::move(error).withFix("see strandline-cli timeline for what there is"),
                       failure.nearest);
}

std::string_view stageName(engine::RestoreProgress::Stage stage) {
    constexpr std::array<std::string_view, 6> kNames = {
        "Plan", "Fetch", "Rebuild", "Check", "Publish", "Done"};
    return kNames[static_cast<std::size_t>(stage)];
}

void printReport(const engine::RestoreReport& report,
                 const engine::RestoreOptions& options,
                 const Session& session) {
    const std::string& path = options.targetPath;
    const std::string& kept = options.asidePath;
    if (session.json) {
        const Json json = {{"path", path},
                           {"restored", true},
                           {"kept", kept.empty() ? Json() : Json(kept)},
                           {"point", engine::toText(report.point)},
                           {"generation", report.point.generation.text()},
                           {"txId", report.point.tx.value},
                           {"time", engine::toRfc3339(report.time)},
                           {"bytes", report.bytes},
                           {"fetchedBytes", report.fetchedBytes},
                           {"artefacts", report.artefacts},
                           {"notes", report.notes}};
        printLine(json.dump(2, ' ', false, Json::error_handler_t::replace));
        return;
    }
    printLine(path + ": the state of " + momentText(report.time) + ", transaction " +
              std::to_string(report.point.tx.value) + ", " + app::toSizeLabel(report.bytes) +
              " from " + app::toSizeLabel(report.fetchedBytes));
    if (!kept.empty()) {
        printNote(session, "note: what was there is kept as " + app::safeText(kept));
    }
    for (const std::string& note : report.notes) {
        printNote(session, "note: " + app::safeText(note));
    }
}

Outcome run(const Args& args, const Session& session) {
    ENGINE_TRY_ASSIGN(engine::RestoreOptions options, optionsOf(args));
    ENGINE_TRY_ASSIGN(const RestoreTarget target, targetOf(args));
    ENGINE_TRY_ASSIGN(const bool needed, isRestoreNeeded(args, options, session));
    if (!needed) {
        return Exit::Done;
    }
    ENGINE_TRY(engine::checkRestoreTarget(options.targetPath, options.asidePath, true));
    ENGINE_TRY_ASSIGN(const OpenHistory open, openHistory(args, session));
    const engine::PlanResult planned = engine::planRestore(*open.history, target);
    if (!planned.ok()) {
        return noPlan(planned.failure);
    }
    if (!options.asidePath.empty() && planned.plan->engine != engine::DatabaseEngine::Sqlite) {
        return Error{ErrorCode::Unsupported, "only files of SQLite can be validated"}.withFix(
            "use --if-not-exists");
    }
    ProgressBar bar(session);
    options.progress = [&bar](const engine::RestoreProgress& progress) {
        bar.show(stageName(progress.stage), progress.bytesDone, progress.bytesTotal);
    };
    std::optional<PointInTime> nearest;
    options.nearest = [&nearest](const PointInTime& found) { nearest = found; };
    Result<engine::RestoreReport> report =
        open.replica.session->restore(*open.history, *planned.plan, options, session.stop);
    if (!report.ok()) {
        return withNearest(std::move(report).error(), nearest);
    }
    printReport(report.value(), options, session);
    return Exit::Done;
}

}  // namespace

CommandSpec restoreCommand() {
    CommandSpec spec;
    spec.name = "restore";
    spec.summary = "brings a moment of a database back, as a new file";
    spec.detail =
        "Without --at, --tx or --point: the newest point. A moment means the state at or before "
        "it.\n"
        "The file appears under its name only when it is whole and was checked; nothing is "
        "overwritten.";
    spec.example =
        "strandline-cli restore --replica file:///media/backup/strandline --at '2026-06-14 "
        "14:02:11' -o notes-then.db";
    spec.options = historyOptions();
    const std::vector<OptionSpec> own = {
        {"-o,--output", "OUT", "the file to make; must not exist"},
        {"--at", "TIME", "RFC 3339, or local time like '2026-06-14 14:02:11'"},
        {"--tx", "N", "the state after transaction N"},
        {"--generation", "G", "only in this generation (16 hex digits)"},
        {"--point", "G:N", "generation and transaction, as printed by timeline"},
        {"--root", "R", "of several states with this number, the one with this root"},
        {"--verify", "LEVEL", "full (default), pages or none"},
        {"--parallel", "N", "ranges fetched at once (default 4)"},
        {"--if-not-exists", "", "done at once where OUT is there already"},
        {"--if-needed",
         "",
         "the same only where OUT is a sound database; else what is there is kept as "
         "OUT.broken-TIME"},
        {"--in-place", "", "replace the original (not available in this version)"},
        {"--all", "", "many databases at once (not available in this version)"},
        {"--map", "OLD=NEW", "with --all (not available in this version)"},
    };
    spec.options.insert(spec.options.end(), own.begin(), own.end());
    spec.run = &run;
    spec.effect = "nothing was restored, and no file was changed";
    return spec;
}

}  // namespace cli
