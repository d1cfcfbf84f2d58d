// SPDX-License-Identifier: Apache-2.0
#include "engine/api/engine.h"

#include <array>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "engine/api/runtime.h"
#include "engine/base/log.h"
#include "engine/base/pause.h"
#include "engine/config/config_file.h"
#include "engine/config/supported.h"
#include "engine/service/control_socket.h"

namespace engine {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kLook{2000};
constexpr unsigned kLooksPerRecheck = 15;
constexpr std::chrono::milliseconds kAskTimeout{5000};

std::string ok() {
    return R"({"ok":true})";
}

class RunningEngine final : public Engine {
public:
    RunningEngine(EngineOptions options, StateFolder state)
        : m_options(std::move(options))
        , m_state(std::move(state))
        , m_clock(m_options.clock != nullptr ? *m_options.clock : m_systemClock)
        , m_config(m_options.config) {}

    ~RunningEngine() override { stop(); }

    Status prepare() {
        if (!m_options.configPath.empty()) {
            ENGINE_TRY_ASSIGN(LoadedConfig loaded,
                              loadConfig(m_options.configPath, m_options.stateDir));
            m_config = std::move(loaded.config);
            noteConfigFacts();
        }
        ENGINE_TRY(checkSupported(m_config));
        ENGINE_TRY_ASSIGN(m_runtime, Runtime::create(m_config, m_state, m_events, m_clock));
        return {};
    }

    Status start() override {
        ENGINE_TRY(m_runtime->start());
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
        MutexLock lock(m_mutex);
        if (m_runtime != nullptr) {
            m_runtime->stop();
        }
    }

    StatusPtr status() const override {
        auto status = std::make_shared<EngineStatus>();
        status->running = true;
        status->at = m_clock.now();
        status->pid = ::getpid();
        MutexLock lock(m_mutex);
        status->paused = m_paused;
        status->pausedUntil = m_pausedUntil;
        status->configError = m_configError;
        if (m_runtime != nullptr) {
            status->databases = m_runtime->status(m_paused);
        }
        return status;
    }

    EventQueue& events() override { return m_events; }


    Status waitUntilStored(std::stop_token stop) override {
        return m_runtime->waitUntilStored(std::move(stop));
    }

    Status requestSnapshot(std::string_view database) override {
        MutexLock lock(m_mutex);
        return m_runtime->requestSnapshot(database);
    }

    void pause(Time until) override { setPaused(true, until); }

    void resume() override { setPaused(false, Time{}); }

private:
    void setPaused(bool paused, Time until) {
        {
            MutexLock lock(m_mutex);
            m_paused = paused;
            m_pausedUntil = until;
            m_runtime->setPaused(paused);
            if (!paused) {
                m_runtime->retryNow();
            }
        }
        m_events.push(EventKind::StatusChanged);
    }

    std::string answer(std::string_view requestText) {
        const json request = json::parse(requestText, nullptr, false);
        const std::string kind = request.is_object() ? request.value("request", "") : "";
        if (kind == "status") {
            return toJson(*status());
        }
        if (kind == "snapshot") {
            const auto named = request.find("database");
            const bool one = named != request.end() && named->is_string();
            const Status done = requestSnapshot(one ? named->get<std::string>() : std::string());
            return done.ok() ? ok() : errorReply(done.error());
        }
        if (kind == "pause") {
            const auto until = request.find("until");
            if (until == request.end() || !until->is_string()) {
                pause(Time{});
                return ok();
            }
            const Result<Time> parsed = parseRfc3339(until->get<std::string>());
            if (!parsed.ok()) {
                return errorReply(parsed.error());
            }
            pause(parsed.value());
            return ok();
        }
        if (kind == "resume") {
            resume();
            return ok();
        }
        return errorReply(
            Error{ErrorCode::Unsupported, "this engine does not know the request '" + kind + "'"});
    }

    void noteConfigFacts() {
        if (const Result<FileFacts> facts = factsOf(m_options.configPath); facts.ok()) {
            m_configFacts = facts.value();
        }
    }

    void maintain(std::stop_token stop) {
        for (unsigned looks = 1; pauseFor(stop, kLook); ++looks) {
            endPauseWhenDue();
            {
                MutexLock lock(m_mutex);
                if (m_runtime != nullptr) {
                    m_runtime->lookAgain(looks % kLooksPerRecheck == 0);
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
        Status usable =
            loaded.ok() ? checkSupported(loaded.value().config) : Status(loaded.error());
        if (usable.ok() && !(loaded.value().config == m_config)) {
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

    Status replaceRuntime(Config config) {
        MutexLock lock(m_mutex);
        m_runtime->stop();
        m_runtime.reset();
        Result<std::unique_ptr<Runtime>> next = Runtime::create(config, m_state, m_events, m_clock);
        Status result;
        if (next.ok()) {
            m_config = std::move(config);
        } else {
            result = next.error();
            next = Runtime::create(m_config, m_state, m_events, m_clock);
        }
        if (!next.ok()) {
            return next.error();
        }
        m_runtime = std::move(next).value();
        m_runtime->setPaused(m_paused);
        const Status started = m_runtime->start();
        log::service().info("configuration taken over databases={}", m_config.databases.size());
        return result.ok() ? started : result;
    }

    const EngineOptions m_options;
    StateFolder m_state;
    const SystemClock m_systemClock;
    const Clock& m_clock;
    EventQueue m_events;
    Config m_config;
    FileFacts m_configFacts;  // the maintenance thread's
    // Guards which runtime there is; the runtime itself is safe from all threads.
    mutable Mutex m_mutex;
    std::unique_ptr<Runtime> m_runtime;
    bool m_paused ENGINE_GUARDED_BY(m_mutex) = false;
    Time m_pausedUntil ENGINE_GUARDED_BY(m_mutex);
    std::string m_configError ENGINE_GUARDED_BY(m_mutex);
    std::unique_ptr<ControlServer> m_socket;
    Thread m_maintenance;
};

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(EngineOptions options) {
    ENGINE_TRY_ASSIGN(StateFolder state, StateFolder::open(options.stateDir));
    auto engine = std::make_unique<RunningEngine>(std::move(options), std::move(state));
    ENGINE_TRY(engine->prepare());
    return std::unique_ptr<Engine>(std::move(engine));
}

Result<std::string> askRunningEngine(const std::string& stateDir, std::string_view requestJson) {
    return askControlSocket(stateDir, requestJson, kAskTimeout);
}

}  // namespace engine
