// SPDX-License-Identifier: Apache-2.0
#include "app/cli/engine_request.h"

#include <nlohmann/json.hpp>

#include "app/cli/output.h"

namespace cli {

using engine::Error;
using engine::Result;

engine::Status askEngine(const Session& session,
                         const std::string& request,
                         const std::string& fields) {
    const std::string json = R"({"version":1,"request":)" + jsonText(request) +
                             (fields.empty() ? "" : "," + fields) + "}";
    Result<std::string> reply = engine::askRunningEngine(session.stateDir, json);
    if (!reply.ok()) {
        Error error = std::move(reply).error();
        return std::move(error).withFix(
            "start one with strandline-cli replicate, or name its --state-dir");
    }
    return engine::statusOfReply(reply.value());
}

std::string jsonText(const std::string& text) {
    using Json = nlohmann::json;
    return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Outcome doneWith(const Session& session, const std::string& note) {
    if (session.json) {
        printLine(R"({"ok":true})");
    } else {
        printNote(session, note);
    }
    return Exit::Done;
}

}  // namespace cli
