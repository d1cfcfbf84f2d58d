// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <random>

#include <nlohmann/json.hpp>

#include "app/cli/child_process.h"
#include "app/cli/commands.h"
#include "app/cli/demo_log.h"
#include "app/cli/output.h"
#include "app/cli/replica_access.h"
#include "app/cli/scratch_folder.h"
#include "app/common/quantity.h"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;
using engine::Engine;
using engine::Error;
using engine::ErrorCode;
using engine::Result;
using engine::Status;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLook{100};
constexpr milliseconds kReadMax{10000};
constexpr std::chrono::seconds kStoreMax{15};

/// Everything that the report says.
struct Findings {
    DemoLog log;  // what the writer said
    std::int64_t worstLagMs = 0;
    std::int64_t storedAfterMs = 0;  // after the kill
    std::uint64_t points = 0;
    std::uint64_t alone = 0;  // recorded as one transaction each
    std::uint64_t catchUps = 0;
    std::uint64_t replicaBytes = 0;
    std::uint64_t replicaObjects = 0;
    std::vector<DemoMoment> moments;
};

struct Places {
    std::string database, replica, state, restored;
};

Result<Places> makePlaces(const std::string& root) {
    Places places{engine::joinPath(root, "app/notes.db"),
                  engine::joinPath(root, "replica"),
                  engine::joinPath(root, "state"),
                  engine::joinPath(root, "restored")};
    for (const std::string& folder :
         {engine::parentOf(places.database), places.replica, places.restored}) {
        ENGINE_TRY(engine::makeFolders(folder));
    }
    return places;
}

Result<std::unique_ptr<Engine>> startEngine(const Places& places) {
    const Json document = {
        {"replicas",
         {{{"name", "demo"},
           {"type", "file"},
           {"path", places.replica},
           {"syncInterval", "500ms"}}}},
        {"databases", {{{"name", "notes"}, {"path", places.database}, {"replicas", {"demo"}}}}}};
    engine::ConfigContext context;
    context.stateDir = places.state;
    ENGINE_TRY_ASSIGN(engine::LoadedConfig loaded,
                      engine::parseConfig(
                          document.dump(-1, ' ', false, Json::error_handler_t::replace), context));
    engine::EngineOptions options;
    options.stateDir = places.state;
    options.config = std::move(loaded.config);
    options.controlSocket = false;
    ENGINE_TRY_ASSIGN(std::unique_ptr<Engine> engine, Engine::open(std::move(options)));
    ENGINE_TRY(engine->start());
    return engine;
}

Status readOne(ChildProcess& writer, DemoLog& log, milliseconds within) {
    ENGINE_TRY_ASSIGN(const std::optional<std::string> line, writer.readLine(within));
    return line.has_value() ? log.add(*line) : Status{};
}

void noteLag(const Engine& engine, Findings& findings) {
    for (const engine::DatabaseStatus& database : engine.status()->databases) {
        findings.worstLagMs = std::max(findings.worstLagMs, database.lagMs.value_or(0));
    }
}

/// Lets the writer write for a while, then kills it in the middle of whatever it does.
Status recordAndKill(ChildProcess& writer,
                     const Engine& engine,
                     std::chrono::seconds span,
                     Findings& findings,
                     const Session& session) {
    const auto end = steady_clock::now() + span;
    while (steady_clock::now() < end) {
        if (session.stop.stop_requested()) {
            return Error{ErrorCode::Cancelled, "the demo was interrupted"};
        }
        ENGINE_TRY(readOne(writer, findings.log, kLook));
        noteLag(engine, findings);
    }
    writer.kill();
    // What it had said before it died is still in the pipe.
    while (readOne(writer, findings.log, milliseconds(0)).ok()) {}
    return {};
}

/// Asks SQLite what the killed writer left, so that the end is judged by more than its own words.
Status readAfterDeath(const Places& places, Findings& findings, const Session& session) {
    const std::string copy = engine::joinPath(places.restored, "after-death.db");
    ENGINE_TRY_ASSIGN(ChildProcess reader,
                      ChildProcess::start(session.program,
                                          {"demo-writer", "--after-death", copy, places.database}));
    ENGINE_TRY_ASSIGN(const std::optional<std::string> line, reader.readLine(kReadMax));
    if (!line.has_value()) {
        return Error{ErrorCode::Timeout, "the killed writer's database could not be read"};
    }
    return findings.log.addAfterDeath(*line);
}

/// A stop token that also ends by itself, so that the demo cannot hang.
class TimeLimit {
public:
    TimeLimit(const std::stop_token& outer, std::chrono::seconds limit)
        : m_outer(outer, [this] { m_stop.request_stop(); })
        , m_thread("demo limit", [this, limit](std::stop_token ended) {
            engine::MutexLock lock(m_mutex);
            const auto until = steady_clock::now() + limit;
            m_condition.waitUntil(m_mutex, ended, until, [] { return false; });
            m_stop.request_stop();
        }) {}

    std::stop_token token() const noexcept { return m_stop.get_token(); }

private:
    std::stop_source m_stop;
    std::stop_callback<std::function<void()>> m_outer;
    engine::Mutex m_mutex;
    engine::Condition m_condition;
    engine::Thread m_thread;
};

Status storeAll(Engine& engine, Findings& findings, const Session& session) {
    const TimeLimit limit(session.stop, kStoreMax);
    const auto begin = steady_clock::now();
    const Result<std::vector<engine::NotStored>> waited = engine.waitUntilStored(limit.token());
    findings.storedAfterMs =
        std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin).count();
    engine.stop();
    if (!waited.ok() && limit.token().stop_requested() && !session.stop.stop_requested()) {
        return Error{
            ErrorCode::Timeout,
            "the changes were not stored within " + std::to_string(kStoreMax.count()) + " s"};
    }
    if (!waited.ok()) {
        return waited.error();
    }
    return waited.value().empty() ? Status{} : waited.value().front().error;
}

/// Restores the state at that moment and looks it up among all that the writer ever committed.
Status restoreMoment(const OpenHistory& open,
                     DemoMoment& moment,
                     const Findings& findings,
                     const Session& session) {
    engine::RestoreTarget target;
    if (moment.at.ms != 0) {
        target.kind = engine::RestoreTarget::Kind::Moment;
        target.moment = moment.at;
    }
    const engine::PlanResult planned = engine::planRestore(*open.history, target);
    if (!planned.ok()) {
        return Error{planned.failure.code, planned.failure.reason};
    }
    engine::RestoreOptions options;
    options.targetPath = moment.path;
    const auto begin = steady_clock::now();
    ENGINE_TRY_ASSIGN(
        const engine::RestoreReport report,
        open.replica.session->restore(*open.history, *planned.plan, options, session.stop));
    moment.restoreMs =
        std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin).count();
    moment.point = report.point;
    moment.recordedAt = report.time;
    ENGINE_TRY_ASSIGN(const engine::Buffer image, engine::readWholeFile(moment.path, 1u << 30));
    moment.hash = engine::toHex(engine::sha256(image));
    moment.found = findings.log.byHash(moment.hash);
    return {};
}

Status restoreAll(const Places& places, Findings& findings, const Session& session) {
    Session quiet = session;
    quiet.stateDir = places.state;
    OpenHistory open;
    ENGINE_TRY_ASSIGN(open.replica, openReplica("file://" + urlPathOf(places.replica), quiet));
    ENGINE_TRY_ASSIGN(open.database, open.replica.session->findDatabase("", session.stop));
    ENGINE_TRY_ASSIGN(open.history,
                      open.replica.session->history(open.database.location, session.stop));
    const std::vector<engine::TimelinePoint> timeline = engine::buildTimeline(*open.history);
    if (timeline.empty()) {
        return Error{ErrorCode::NotFound, "nothing was recorded"};
    }
    for (const engine::TimelinePoint& point : timeline) {
        ++findings.points;
        findings.alone += point.kind == engine::PointKind::Change ? 1 : 0;
        findings.catchUps += point.kind == engine::PointKind::CatchUp ? 1 : 0;
    }
    for (const engine::HistoryArtefact& artefact : open.history->artefacts) {
        findings.replicaBytes += artefact.descriptor.bytes();
        findings.replicaObjects += artefact.descriptor.parts.size();
    }
    findings.moments = findings.log.threeMoments(timeline.front().time);
    for (DemoMoment& moment : findings.moments) {
        moment.path = engine::joinPath(places.restored,
                                       "notes-" + std::to_string(moment.expected.sequence) + ".db");
        ENGINE_TRY(restoreMoment(open, moment, findings, session));
    }
    return {};
}

Json toJson(const Findings& findings, const Places& places, bool kept) {
    Json moments = Json::array();
    for (const DemoMoment& moment : findings.moments) {
        moments.push_back(
            {{"at", moment.at.ms == 0 ? Json("latest") : Json(engine::toRfc3339(moment.at))},
             {"committed", moment.expected.sequence},
             {"restored", moment.found.has_value() ? Json(moment.found->sequence) : Json()},
             {"point", engine::toText(moment.point)},
             {"sha256", moment.hash},
             {"equal", moment.equal()},
             {"late", moment.late()},
             {"restoreMs", moment.restoreMs}});
    }
    return {{"ok", findings.log.allRight(findings.moments)},
            {"transactions", findings.log.size()},
            {"databaseBytes", findings.log.last().size},
            {"points", findings.points},
            {"recordedOneByOne", findings.alone},
            {"catchUps", findings.catchUps},
            {"worstLagMs", findings.worstLagMs},
            {"storedAfterMs", findings.storedAfterMs},
            {"replicaObjects", findings.replicaObjects},
            {"replicaBytes", findings.replicaBytes},
            {"moments", moments},
            {"kept", kept ? Json(engine::parentOf(places.replica)) : Json()}};
}

std::string verdictOn(const DemoMoment& moment) {
    if (moment.equal()) {
        return "equal";
    }
    return moment.late() ? "equal to the one before, seen late" : "DIFFERENT";
}

void printForPeople(const Findings& findings, const Places& places, bool kept) {
    const DemoLog& log = findings.log;
    const std::size_t alone = std::min<std::size_t>(findings.alone, log.size());
    printLine("writer    " + std::to_string(log.size()) + " transactions in " +
              app::toSpanLabel(log.last().at.ms - log.first().at.ms) + ", " +
              app::toSizeLabel(log.last().size) + ", then SIGKILL");
    printLine("recorded  " + std::to_string(alone) + " transactions one by one (" +
              std::to_string(alone * 100 / log.size()) + " %), " +
              std::to_string(findings.catchUps) + " catch-ups, " + std::to_string(findings.points) +
              " points to go back to");
    printLine("lag       at most " + app::toSpanLabel(findings.worstLagMs) +
              " while it wrote; all stored " + app::toSpanLabel(findings.storedAfterMs) +
              " after the kill");
    printLine("replica   " + std::to_string(findings.replicaObjects) + " objects, " +
              app::toSizeLabel(findings.replicaBytes));
    Table table({"RESTORED TO", ">COMMITTED", ">RESTORED", "SHA-256", "", ">TOOK"});
    for (const DemoMoment& moment : findings.moments) {
        table.add(
            {moment.at.ms == 0 ? "the newest point" : momentText(moment.at),
             "#" + std::to_string(moment.expected.sequence),
             moment.found.has_value() ? "#" + std::to_string(moment.found->sequence) : "unknown",
             moment.hash.substr(0, 16),
             verdictOn(moment),
             app::toSpanLabel(moment.restoreMs)});
    }
    table.print();
    if (kept) {
        printLine("kept in   " + engine::parentOf(places.replica));
    }
}

Status perform(const Places& places,
               std::chrono::seconds span,
               Findings& findings,
               const Session& session) {
    const std::vector<std::string> arguments = {
        "demo-writer", "--seed", std::to_string(std::random_device()()), places.database};
    ENGINE_TRY_ASSIGN(ChildProcess writer, ChildProcess::start(session.program, arguments));
    const auto patience = steady_clock::now() + std::chrono::seconds(10);
    while (findings.log.size() == 0) {
        if (steady_clock::now() > patience) {
            return Error{ErrorCode::Timeout, "the demo's writer did not start"};
        }
        ENGINE_TRY(readOne(writer, findings.log, kLook));
    }
    printNote(session, "an app writes to " + places.database + " while it is recorded...");
    ENGINE_TRY_ASSIGN(const std::unique_ptr<Engine> engine, startEngine(places));
    ENGINE_TRY(recordAndKill(writer, *engine, span, findings, session));
    printNote(session, "killed it; restoring three moments...");
    ENGINE_TRY(readAfterDeath(places, findings, session));
    ENGINE_TRY(storeAll(*engine, findings, session));
    return restoreAll(places, findings, session);
}

Outcome run(const Args& args, const Session& session) {
    ENGINE_TRY_ASSIGN(const std::uint64_t seconds, args.number("--seconds", 8, 2, 3600));
    const bool kept = args.has("--keep");
    ENGINE_TRY_ASSIGN(const ScratchFolder scratch,
                      kept ? ScratchFolder::keepAt(absolutePath(args.text("--keep")))
                           : ScratchFolder::make("strandline-demo"));
    ENGINE_TRY_ASSIGN(const Places places, makePlaces(scratch.path()));
    Findings findings;
    ENGINE_TRY(perform(places, std::chrono::seconds(seconds), findings, session));
    if (session.json) {
        printLine(
            toJson(findings, places, kept).dump(2, ' ', false, Json::error_handler_t::replace));
    } else {
        printForPeople(findings, places, kept);
    }
    if (!findings.log.allRight(findings.moments)) {
        return Error{ErrorCode::Corruption,
                     "a restored moment is not what the writer had committed"}
            .withFix("run it again with --keep DIR and --log-level debug, and report it");
    }
    if (!session.json) {
        printLine("each of the three is byte for byte what the writer had committed");
    }
    return Exit::Done;
}

}  // namespace

CommandSpec demoCommand() {
    CommandSpec spec;
    spec.name = "demo";
    spec.summary = "the main job before your eyes, in under 30 s";
    spec.detail =
        "A program like a notes app writes to a SQLite database, is recorded while it writes, is "
        "killed\n"
        "without warning, and the database is restored to three different moments. Each is "
        "compared byte\n"
        "for byte with what the program had committed then. Everything happens in a temporary "
        "folder.";
    spec.example = "strandline-cli demo --seconds 5";
    spec.options = {{"--seconds", "N", "how long the program writes (default 8)"},
                    {"--keep", "DIR", "do it in this empty folder, and keep everything"}};
    spec.run = &run;
    spec.effect = "only the demo's own folder was touched";
    return spec;
}

}  // namespace cli
