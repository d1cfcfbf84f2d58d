// SPDX-License-Identifier: Apache-2.0
#include "engine/api/engine.h"

#include <array>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "engine/api/lateness.h"
#include "engine/api/runtime.h"
#include "engine/base/log.h"
#include "engine/base/pause.h"
#include "engine/config/config_file.h"
#include "engine/config/places.h"
#include "engine/config/supported.h"
#include "engine/service/control_socket.h"

namespace engine {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kLook{2000};
constexpr unsigned kLooksPerRecheck = 15;
constexpr unsigned kLooksPerLateness = 5;
constexpr std::chrono::milliseconds kAskTimeout{5000};

class RunningEngine final : public Engine {
public:
    RunningEngine(EngineOptions options, StateFolder state)
        : m_options(std::move(options))
        , m_state(std::move(state))
        , m_clock(m_options.clock != nullptr ? *m_options.clock : m_systemClock)
        , m_config(m_options.config) {}

    ~RunningEngine() override { stop(); }

    /// configFacts: of the configuration's file before it was read.
    Status prepare(const FileFacts& configFacts) {
        m_configFacts = configFacts;
        ENGINE_TRY_ASSIGN(std::shared_ptr<Runtime> runtime, makeRuntime(m_config));
        MutexLock lock(m_mutex);
        m_runtime = std::move(runtime);
        return {};
    }

    Status start() override {
        for (const std::string& note : notYetApplied(m_config)) {
            log::service().info("configuration note=\"{}\"", note);
        }
        ENGINE_TRY(runtime()->start());
        if (m_options.controlSocket) {
            ENGINE_TRY_ASSIGN(
                m_socket, ControlServer::start(m_state.path(), [this](std::string_view request) {
                    return answer(request);
                }));
        }
        m_maintenance =
            Thread("maintenance", [this](std::stop_token stop) { maintain(std::move(stop)); });
        return {};
    }

    void stop() override {
        m_maintenance.requestStop();
        m_maintenance.join();
        m_socket.reset();
        if (const std::shared_ptr<Runtime> running = runtime()) {
            running->stop();
        }
    }

    bool stopRequested() const override { return m_stopWanted.stop_requested(); }

    StatusPtr status() const override {
        auto status = std::make_shared<EngineStatus>();
        status->running = true;
        status->at = m_clock.now();
        status->pid = ::getpid();
        std::shared_ptr<Runtime> running;
        {
            MutexLock lock(m_mutex);
            if (m_runtime == nullptr && m_replaced != nullptr) {
                return m_replaced;
            }
            running = m_runtime;
            status->paused = m_paused;
            status->pausedUntil = m_pausedUntil;
            status->configError = m_configError;
        }
        if (running != nullptr) {
            status->databases = running->status(status->paused);
        }
        return status;
    }

    EventQueue& events() override { return m_events; }

    Result<std::vector<NotStored>> waitUntilStored(std::stop_token stop) override {
        std::stop_source either;
        const auto end = [&either] { either.request_stop(); };
        const std::stop_callback caller(std::move(stop), end);
        const std::stop_callback asked(m_stopWanted.get_token(), end);
        ENGINE_TRY_ASSIGN(const std::shared_ptr<Runtime> running, runtimeNow());
        return running->waitUntilStored(either.get_token());
    }

    Status requestSnapshot(std::string_view database) override {
        ENGINE_TRY_ASSIGN(const std::shared_ptr<Runtime> running, runtimeNow());
        return running->requestSnapshot(database);
    }

    void pause(Time until) override { setPaused(true, until); }

    void resume() override { setPaused(false, Time{}); }

private:
    /// Null while a configuration is taken over.
    std::shared_ptr<Runtime> runtime() const {
        MutexLock lock(m_mutex);
        return m_runtime;
    }

    Result<std::shared_ptr<Runtime>> runtimeNow() const {
        if (std::shared_ptr<Runtime> running = runtime()) {
            return running;
        }
        return Error{ErrorCode::Unavailable, "a changed configuration is just being taken over"}
            .withEffect("recording goes on with it")
            .withFix("try again in a few seconds");
    }

    Result<std::shared_ptr<Runtime>> makeRuntime(const Config& config) {
        ENGINE_TRY_ASSIGN(std::unique_ptr<Runtime> made,
                          Runtime::create(config, m_state, m_events, m_clock));
        return std::shared_ptr<Runtime>(std::move(made));
    }

    void setPaused(bool paused, Time until) {
        {
            // Under the lock, so that of two at once the later one wins everywhere.
            MutexLock lock(m_mutex);
            m_paused = paused;
            m_pausedUntil = until;
            if (m_runtime != nullptr) {
                m_runtime->setPaused(paused);
            }
            if (m_runtime != nullptr && !paused) {
                m_runtime->retryNow();
            }
        }
        m_events.push(EventKind::StatusChanged);
    }

    std::string answer(std::string_view requestText) {
        const json request = json::parse(requestText, nullptr, false);
        const auto named = request.is_object() ? request.find("request") : request.end();
        const std::string kind =
            named != request.end() && named->is_string() ? named->get<std::string>() : "";
        if (kind == "status") {
            return toJson(*status());
        }
        const Status done = obey(kind, request);
        return done.ok() ? R"({"ok":true})" : errorReply(done.error());
    }

    Status obey(const std::string& kind, const json& request) {
        if (kind == "snapshot") {
            ENGINE_TRY_ASSIGN(const std::string database, textOf(request, "database"));
            return requestSnapshot(database);
        }
        if (kind == "pause") {
            ENGINE_TRY_ASSIGN(const std::string text, textOf(request, "until"));
            Time until;
            if (!text.empty()) {
                ENGINE_TRY_ASSIGN(until, parseRfc3339(text));
            }
            pause(until);
            return {};
        }
        if (kind == "resume") {
            resume();
            return {};
        }
        if (kind == "stop") {
            log::service().info("asked to stop over the control socket");
            m_stopWanted.request_stop();
            m_events.push(EventKind::StopRequested);
            return {};
        }
        return Error{ErrorCode::Unsupported,
                     "this engine does not know the request '" + kind + "'"};
    }

    /// Empty where it is missing or null.
    static Result<std::string> textOf(const json& request, const char* key) {
        const auto found = request.find(key);
        if (found == request.end() || found->is_null()) {
            return std::string();
        }
        if (!found->is_string()) {
            return Error{ErrorCode::InvalidArgument, std::string(key) + " must be a text"};
        }
        return found->get<std::string>();
    }

    void maintain(std::stop_token stop) {
        for (unsigned looks = 1; pauseFor(stop, kLook); ++looks) {
            endPauseWhenDue();
            if (const std::shared_ptr<Runtime> running = runtime()) {
                running->lookAgain(looks % kLooksPerRecheck == 0);
                if (looks % kLooksPerLateness == 0) {
                    logLateness(m_lateness.changes(status()->databases));
                }
            }
            if (!m_options.configPath.empty()) {
                rereadConfig();
            }
        }
    }

    void endPauseWhenDue() {
        bool due = false;
        {
            MutexLock lock(m_mutex);
            due = m_paused && m_pausedUntil.ms != 0 && m_clock.now() >= m_pausedUntil;
        }
        if (due) {
            resume();
        }
    }

    void rereadConfig() {
        const Result<FileFacts> facts = factsOf(m_options.configPath);
        if (facts.ok() && facts.value().sameFile(m_configFacts) &&
            facts.value().sameStamp(m_configFacts)) {
            return;
        }
        if (facts.ok()) {
            m_configFacts = facts.value();
        }
        Result<LoadedConfig> loaded = loadConfig(m_options.configPath, m_options.stateDir);
        Status usable = loaded.ok() ? checkStartable(loaded.value().config, m_options.stateDir)
                                    : Status(loaded.error());
        if (usable.ok() && (runtime() == nullptr || !(loaded.value().config == m_config))) {
            usable = replaceRuntime(std::move(loaded.value().config));
        }
        if (!usable.ok()) {
            log::service().warn(
                "configuration not used error=\"{}\" effect=\"the running settings stay in force\"",
                usable.error().message);
        }
        {
            MutexLock lock(m_mutex);
            m_configError = usable.ok() ? std::string() : usable.error().message;
        }
        m_events.push(EventKind::ConfigChanged);
    }

    /// On the maintenance thread. Whoever asks for the status meanwhile gets the last one at once.
    Status replaceRuntime(Config config) {
        StatusPtr last = status();
        std::shared_ptr<Runtime> old;
        {
            MutexLock lock(m_mutex);
            m_replaced = std::move(last);
            old = std::exchange(m_runtime, nullptr);
        }
        if (old != nullptr) {
            old->stop();
        }
        old.reset();
        Status result = install(config);
        if (result.ok()) {
            m_config = std::move(config);
            log::service().info("configuration taken over databases={}", m_config.databases.size());
        } else {
            ENGINE_TRY(install(m_config));
        }
        return result;
    }

    Status install(const Config& config) {
        Result<std::shared_ptr<Runtime>> made = makeRuntime(config);
        const Status started = made.ok() ? made.value()->start() : Status(made.error());
        MutexLock lock(m_mutex);
        m_replaced.reset();
        ENGINE_TRY(started);
        m_runtime = std::move(made).value();
        m_runtime->setPaused(m_paused);
        return {};
    }

    const EngineOptions m_options;
    StateFolder m_state;
    const SystemClock m_systemClock;
    const Clock& m_clock;
    EventQueue m_events;
    Config m_config;
    FileFacts m_configFacts;  // the maintenance thread's
    Lateness m_lateness;      // the maintenance thread's
    std::stop_source m_stopWanted;
    // Guards which runtime there is; the runtime itself is safe from all threads.
    mutable Mutex m_mutex;
    std::shared_ptr<Runtime> m_runtime ENGINE_GUARDED_BY(m_mutex);
    StatusPtr m_replaced ENGINE_GUARDED_BY(m_mutex);  // the last one of the runtime before
    bool m_paused ENGINE_GUARDED_BY(m_mutex) = false;
    Time m_pausedUntil ENGINE_GUARDED_BY(m_mutex);
    std::string m_configError ENGINE_GUARDED_BY(m_mutex);
    std::unique_ptr<ControlServer> m_socket;
    Thread m_maintenance;
};

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(EngineOptions options) {
    FileFacts configFacts;
    if (!options.configPath.empty()) {
        const Result<FileFacts> facts = factsOf(options.configPath);
        configFacts = facts.ok() ? facts.value() : FileFacts{};
        ENGINE_TRY_ASSIGN(LoadedConfig loaded, loadConfig(options.configPath, options.stateDir));
        options.config = std::move(loaded.config);
    }
    // Before anything is written: the state folder could be an app's.
    ENGINE_TRY(checkStartable(options.config, options.stateDir));
    ENGINE_TRY_ASSIGN(StateFolder state, StateFolder::open(options.stateDir));
    auto engine = std::make_unique<RunningEngine>(std::move(options), std::move(state));
    ENGINE_TRY(engine->prepare(configFacts));
    return std::unique_ptr<Engine>(std::move(engine));
}

Result<std::string> askRunningEngine(const std::string& stateDir, std::string_view requestJson) {
    return askControlSocket(stateDir, requestJson, kAskTimeout);
}

}  // namespace engine
