// SPDX-License-Identifier: Apache-2.0
#include "ui/bridge/engine_driver.h"

#include <utility>

#include "engine/api/program.h"

namespace ui {

namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Result;
using engine::Status;

/// An engine in this process; stops it when destroyed.
class OwnEngine final : public EngineDriver {
public:
    OwnEngine(std::unique_ptr<engine::Engine> engine, const std::function<void()>& wake)
        : m_engine(std::move(engine)) {
        m_engine->events().setWake(wake);
    }

    ~OwnEngine() override { end(); }

    Status start() { return m_engine->start(); }

    Phase phase() const noexcept override { return Phase::Recording; }

    Result<engine::StatusPtr> status() override {
        ENGINE_TRY(stillMine());
        // Drained first: what comes after it wakes again.
        m_engine->events().drain();
        return m_engine->status();
    }

    Status requestSnapshot(const std::string& database) override {
        ENGINE_TRY(stillMine());
        return m_engine->requestSnapshot(database);
    }

    Status pause(engine::Time until) override {
        ENGINE_TRY(stillMine());
        m_engine->pause(until);
        return {};
    }

    Status resume() override {
        ENGINE_TRY(stillMine());
        m_engine->resume();
        return {};
    }

private:
    void end() {
        if (m_engine != nullptr) {
            m_engine->events().setWake({});
            m_engine->stop();
            m_engine.reset();
        }
    }

    /// Asked to stop, it lets the state folder go, so that whoever asked can have it.
    Status stillMine() {
        if (m_engine != nullptr && m_engine->stopRequested()) {
            end();
        }
        if (m_engine != nullptr) {
            return {};
        }
        return Error{ErrorCode::Unavailable, "another program asked this one to stop recording"}
            .withEffect("nothing is recorded here; what is recorded is kept")
            .withFix("start recording again if no other program does it now");
    }

    std::unique_ptr<engine::Engine> m_engine;
};

/// A JSON string: the names of databases may hold anything.
std::string quoted(const std::string& text) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += {'\\', c};
        } else if (byte < 0x20) {
            out += std::string("\\u00") + kHex[byte >> 4] + kHex[byte & 15];
        } else {
            out += c;
        }
    }
    return out + '"';
}

/// An engine in another process.
class AttachedEngine final : public EngineDriver {
public:
    explicit AttachedEngine(std::string stateDir)
        : m_stateDir(std::move(stateDir)) {}

    Phase phase() const noexcept override { return Phase::Attached; }

    Result<engine::StatusPtr> status() override {
        ENGINE_TRY_ASSIGN(const std::string reply, ask("\"status\""));
        ENGINE_TRY_ASSIGN(engine::EngineStatus status, engine::parseStatus(reply));
        return engine::StatusPtr(std::make_shared<engine::EngineStatus>(std::move(status)));
    }

    Status requestSnapshot(const std::string& database) override {
        const std::string which = database.empty() ? "" : ",\"database\":" + quoted(database);
        return done(ask("\"snapshot\"" + which));
    }

    Status pause(engine::Time until) override {
        const std::string when =
            until.ms == 0 ? "" : ",\"until\":\"" + engine::toRfc3339(until) + '"';
        return done(ask("\"pause\"" + when));
    }

    Status resume() override { return done(ask("\"resume\"")); }

private:
    Result<std::string> ask(const std::string& request) const {
        const std::string version = std::to_string(engine::kControlVersion);
        ENGINE_TRY_ASSIGN(
            std::string reply,
            engine::askRunningEngine(m_stateDir,
                                     "{\"version\":" + version + ",\"request\":" + request + '}'));
        ENGINE_TRY(engine::statusOfReply(reply));
        return reply;
    }

    static Status done(const Result<std::string>& reply) {
        return reply.ok() ? Status() : Status(reply.error());
    }

    const std::string m_stateDir;
};

OpenedEngine failed(Phase phase, Error error) {
    return {nullptr, phase, std::move(error)};
}

/// The configuration on its own, so that its mistakes are told apart from the engine's.
std::optional<OpenedEngine> configurationProblem(const engine::EngineOptions& options) {
    if (options.configPath.empty()) {
        return std::nullopt;
    }
    const Result<engine::LoadedConfig> loaded =
        engine::loadConfig(options.configPath, options.stateDir);
    if (loaded.ok()) {
        const Status startable = engine::checkStartable(loaded.value().config, options.stateDir);
        return startable.ok() ? std::nullopt
                              : std::optional(failed(Phase::BadConfiguration, startable.error()));
    }
    const bool missing = loaded.error().code == ErrorCode::NotFound;
    return failed(missing ? Phase::NoConfiguration : Phase::BadConfiguration, loaded.error());
}

}  // namespace

OpenedEngine openEngine(const engine::EngineOptions& options, const std::function<void()>& wake) {
    if (std::optional<OpenedEngine> problem = configurationProblem(options)) {
        return std::move(*problem);
    }
    Result<std::unique_ptr<engine::Engine>> opened = engine::Engine::open(options);
    if (!opened.ok()) {
        if (opened.error().code != ErrorCode::AlreadyExists) {
            return failed(Phase::Failed, opened.error());
        }
        auto attached = std::make_unique<AttachedEngine>(options.stateDir);
        return {std::move(attached), Phase::Attached, std::nullopt};
    }
    auto own = std::make_unique<OwnEngine>(std::move(opened).value(), wake);
    if (const Status started = own->start(); !started.ok()) {
        return failed(Phase::Failed, started.error());
    }
    return {std::move(own), Phase::Recording, std::nullopt};
}

}  // namespace ui
