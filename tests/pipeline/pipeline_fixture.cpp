// SPDX-License-Identifier: Apache-2.0
#include "pipeline_fixture.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "engine/base/file_system.h"
#include "engine/restore/restorer.h"

namespace engine::test {
namespace {

class BorrowedReplica final : public Replica {
public:
    explicit BorrowedReplica(std::shared_ptr<Replica> replica)
        : m_replica(std::move(replica)) {}

    ReplicaTraits traits() const override { return m_replica->traits(); }

    Status open(std::stop_token stop) override { return m_replica->open(std::move(stop)); }

    Status put(std::string_view name, ByteView bytes, PutMode mode, std::stop_token stop) override {
        return m_replica->put(name, bytes, mode, std::move(stop));
    }

    Result<Buffer> get(std::string_view name, ByteRange range, std::stop_token stop) override {
        return m_replica->get(name, range, std::move(stop));
    }

    Result<Buffer> get(std::string_view name, std::stop_token stop) override {
        return m_replica->get(name, std::move(stop));
    }

    Result<ListPage> list(std::string_view prefix,
                          std::string_view startAfter,
                          std::size_t limit,
                          std::stop_token stop) override {
        return m_replica->list(prefix, startAfter, limit, std::move(stop));
    }

    Status remove(std::span<const std::string> names, std::stop_token stop) override {
        return m_replica->remove(names, std::move(stop));
    }

private:
    const std::shared_ptr<Replica> m_replica;
};

}  // namespace

std::unique_ptr<Replica> borrow(const std::shared_ptr<Replica>& replica) {
    return std::make_unique<BorrowedReplica>(replica);
}

PipelineFixture::PipelineFixture(std::uint64_t pages, std::size_t replicaCount)
    : source(pages) {
    for (std::size_t i = 0; i < replicaCount; ++i) {
        replicas.push_back(std::make_shared<MemoryReplica>());
    }
}

PipelineFixture::~PipelineFixture() {
    stopEngine();
}

void PipelineFixture::startEngine() {
    ControllerOptions options;
    options.config.name = "notes";
    options.config.path = folder() + "/notes.db";
    options.config.compression = compression;
    options.config.shadowDir = folder() + "/shadow";
    options.location = location;
    options.writer = writer;
    options.logBytesMax = logBytesMax;
    options.stateFolder = folder() + "/state";
    options.replicas = replicas.size();
    options.clock = &m_clock;
    options.makeCapture = [this](const CaptureOptions& capture) {
        return makeFakeCapture(source, capture);
    };
    auto controller = Controller::open(std::move(options));
    ENSURE(controller.ok());
    m_controller = std::move(controller).value();
    for (std::size_t i = 0; i < replicas.size(); ++i) {
        LanesOptions lanes;
        lanes.config.name = "replica-" + std::to_string(i);
        lanes.config.options = FileReplicaOptions{folder() + "/place-" + std::to_string(i)};
        lanes.config.syncInterval = 20;
        lanes.knownFile = folder() + "/known/" + std::to_string(i);
        lanes.factory = [replica = replicas[i]](const ReplicaConfig&) {
            return Result<std::unique_ptr<Replica>>(borrow(replica));
        };
        lanes.clock = &m_clock;
        lanes.changed = [this] {
            MutexLock lock(m_mutex);
            ++m_changes;
            m_changed.notifyAll();
        };
        m_lanes.push_back(std::make_unique<ReplicaLanes>(std::move(lanes)));
        ENSURE(m_lanes.back()->add(*m_controller, i, "{}").ok());
        m_lanes.back()->start();
    }
}

std::vector<std::string> PipelineFixture::segmentFiles() const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder() + "/shadow")) {
        if (entry.is_regular_file() && entry.path().filename().string().find(".seg.") == 16) {
            files.push_back(entry.path().string());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::string PipelineFixture::ackFile(std::size_t replica) const {
    return folder() + "/state/acks/" + std::to_string(replica);
}

void PipelineFixture::stopEngine() {
    for (const auto& lanes : m_lanes) {
        lanes->stop();
    }
    if (m_controller != nullptr) {
        ENSURE(m_controller->stop().ok());
    }
    m_lanes.clear();
    m_controller.reset();
}

void PipelineFixture::killEngine() {
    for (const auto& lanes : m_lanes) {
        lanes->stop();
    }
    m_lanes.clear();
    // What a stop would still write is undone: the files are those of the moment of the kill.
    saveState("kill");
    m_controller.reset();
    putStateBack("kill");
}

void PipelineFixture::saveState(const std::string& name) {
    namespace fs = std::filesystem;
    const std::string copy = folder() + "/saved-" + name;
    fs::remove_all(copy);
    fs::create_directories(copy);
    fs::copy(folder() + "/state", copy + "/state", fs::copy_options::recursive);
    fs::copy(folder() + "/shadow", copy + "/shadow", fs::copy_options::recursive);
}

void PipelineFixture::putStateBack(const std::string& name) {
    namespace fs = std::filesystem;
    const std::string copy = folder() + "/saved-" + name;
    fs::remove_all(folder() + "/state");
    fs::remove_all(folder() + "/shadow");
    fs::rename(copy + "/state", folder() + "/state");
    fs::rename(copy + "/shadow", folder() + "/shadow");
}

void PipelineFixture::capture() {
    const std::uint64_t before = m_controller->status().runs;
    m_controller->requestPublish();
    // A run that finds the turn taken by a snapshot does nothing; a run that is counted did.
    for (;;) {
        m_controller->run(std::stop_token{});
        const ControllerStatus status = m_controller->status();
        if (status.settled && status.runs >= before + 2) {
            break;
        }
        m_controller->requestPublish();
    }
    for (const auto& lanes : m_lanes) {
        lanes->notify(*m_controller);
    }
}

bool PipelineFixture::waitFor(std::size_t replica,
                              const std::function<bool(const LaneStatus&)>& condition) {
    return waitWith(
        replica, condition, [] {}, std::chrono::seconds(20));
}

bool PipelineFixture::captureUntil(std::size_t replica,
                                   const std::function<bool(const LaneStatus&)>& condition) {
    return waitWith(
        replica, condition, [this] { capture(); }, std::chrono::milliseconds(5));
}

bool PipelineFixture::waitWith(std::size_t replica,
                               const std::function<bool(const LaneStatus&)>& condition,
                               const std::function<void()>& between,
                               std::chrono::milliseconds patience) {
    const Steady deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
        std::uint64_t seen = 0;
        {
            MutexLock lock(m_mutex);
            seen = m_changes;
        }
        if (condition(m_lanes[replica]->status(*m_controller))) {
            return true;
        }
        between();
        MutexLock lock(m_mutex);
        const Steady until = std::min(deadline, std::chrono::steady_clock::now() + patience);
        m_changed.waitUntil(
            m_mutex, std::stop_token{}, until, [&]() ENGINE_NO_TSA { return m_changes != seen; });
    }
    return false;
}

bool PipelineFixture::waitStored(std::size_t replica) {
    return waitFor(replica, [&](const LaneStatus& lane) {
        const auto published = m_controller->published();
        return published && lane.state.looked &&
               lane.state.snapshots.contains(published->generation) &&
               lane.state.segmentsTx == published->tx;
    });
}

History PipelineFixture::history(std::size_t replica) {
    auto history = loadHistory(*replicas[replica], location, nullptr, nullptr, std::stop_token{});
    ENSURE(history.ok());
    return std::move(history).value();
}

Buffer PipelineFixture::restore(const RestoreTarget& target, std::size_t replica) {
    const History all = history(replica);
    const PlanResult plan = planRestore(all, target);
    if (!plan.ok()) {
        std::fprintf(stderr, "no plan: %s\n", plan.failure.reason.c_str());
        return {};
    }
    RestoreOptions options;
    options.targetPath = folder() + "/restored-" + std::to_string(++m_restores);
    options.verify = VerifyLevel::Pages;
    const auto report = restoreToFile(RestoreSource{replicas[replica].get(), nullptr},
                                      all,
                                      *plan.plan,
                                      options,
                                      std::stop_token{});
    if (!report.ok()) {
        std::fprintf(stderr, "not restored: %s\n", report.error().message.c_str());
        return {};
    }
    auto bytes = readWholeFile(options.targetPath, 1u << 30);
    ENSURE(bytes.ok());
    return std::move(bytes).value();
}

Buffer PipelineFixture::restoreLatest(std::size_t replica) {
    return restore(RestoreTarget{}, replica);
}

}  // namespace engine::test
