// SPDX-License-Identifier: Apache-2.0
// The two looks that need no running engine: at a replica and at a file.
#include <nlohmann/json.hpp>

#include "engine/api/replica_session.h"
#include "engine/capture/database_probe.h"
#include "engine/replica/replica_probe.h"

namespace engine {
namespace {

using nlohmann::json;

TestStep stepOf(const ProbeStep& step) {
    return TestStep{step.name, step.ok, step.skipped, step.ms, step.detail, step.fix};
}

json holdersJson(const FileHolders& holders) {
    json list = json::array();
    for (const FileHolder& holder : holders.found) {
        list.push_back({{"pid", holder.pid}, {"name", holder.name}});
    }
    return list;
}

}  // namespace

Result<std::vector<TestStep>> testReplica(const ReplicaConfig& config,
                                          const std::function<void(const TestStep&)>& report,
                                          std::stop_token stop) {
    const ProbeReport forward = [&](const ProbeStep& step) {
        if (report) {
            report(stepOf(step));
        }
    };
    ENGINE_TRY_ASSIGN(const std::vector<ProbeStep> steps,
                      probeReplica(config.options, forward, std::move(stop)));
    std::vector<TestStep> result;
    for (const ProbeStep& step : steps) {
        result.push_back(stepOf(step));
    }
    return result;
}

Result<std::string> probeFileAsJson(const std::string& path) {
    const DatabaseProbe probe = probeDatabase(path);
    const json document{{"path", probe.path},
                        {"target", probe.target},
                        {"engine", probe.engine ? json(toText(*probe.engine)) : json()},
                        {"sizeBytes", probe.sizeBytes},
                        {"pageSize", probe.pageSize},
                        {"pageCount", probe.pageCount},
                        {"journal", toText(probe.journal)},
                        {"locking", toText(probe.locking)},
                        {"sideFiles", probe.sideFiles},
                        {"holders", holdersJson(probe.holders)},
                        {"hiddenHolders", probe.holders.hidden},
                        {"fileSystem", probe.fileSystem},
                        {"remote", probe.remote},
                        {"links", probe.links},
                        {"captureMode", toText(probe.mode)},
                        {"captureLabel", probe.label},
                        {"reason", probe.reason},
                        {"protectable", probe.problem.empty()},
                        {"problem", probe.problem.empty() ? json() : json(probe.problem)},
                        {"warnings", probe.warnings}};
    return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace engine
