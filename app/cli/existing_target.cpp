// SPDX-License-Identifier: Apache-2.0
#include "app/cli/existing_target.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "app/cli/output.h"
#include "app/common/quantity.h"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;
using engine::Error;
using engine::ErrorCode;
using engine::FileFacts;
using engine::Result;
using engine::Status;

bool isFile(const std::string& path) {
    const Result<FileFacts> facts = engine::factsOf(path);
    return facts.ok() && facts.value().isRegular();
}

bool hasSideFiles(const std::string& path) {
    return std::any_of(engine::kSideSuffixes.begin(),
                       engine::kSideSuffixes.end(),
                       [&path](const char* suffix) { return engine::factsOf(path + suffix).ok(); });
}

bool nothingToDo(const std::string& path, std::string_view why, const Session& session) {
    printNote(session, app::safeText(path) + std::string(why) + ": nothing to do");
    if (session.json) {
        const Json json = {{"path", path}, {"restored", false}};
        printLine(json.dump(2, ' ', false, Json::error_handler_t::replace));
    }
    return false;
}

Result<bool> isDamaged(engine::RestoreOptions& options, const Session& session) {
    // A link stays one: what it leads to is looked at and replaced.
    const Result<std::string> real = engine::realPath(options.targetPath);
    options.targetPath = real.ok() ? real.value() : options.targetPath;
    const std::string& path = options.targetPath;
    if (isFile(path)) {
        const Status sound = engine::checkSqliteDatabase(path, session.stop);
        if (sound.ok()) {
            return nothingToDo(path, " is there and a sound database", session);
        }
        if (sound.error().code != ErrorCode::Corruption) {
            return sound.error();
        }
        ENGINE_TRY(refuseInUse(path));
        printNote(session, app::safeText(path + " is no sound database: " + sound.error().message));
    }
    if (isFile(path) || hasSideFiles(path)) {
        options.asidePath = engine::brokenNameOf(path, engine::SystemClock().now());
        options.mayReplace = [path] { return isFile(path) ? refuseInUse(path) : Status{}; };
    }
    return true;
}

}  // namespace

Status refuseInUse(const std::string& path) {
    ENGINE_TRY_ASSIGN(const std::string text, engine::probeFileAsJson(path));
    const Json facts = Json::parse(text, nullptr, false);
    const std::string locking = facts.value("locking", "unknown");
    std::string holders;
    for (const Json& holder : facts.value("holders", Json::array())) {
        holders += (holders.empty() ? "" : ", ") + holder.value("name", "") + " (process " +
                   std::to_string(holder.value("pid", 0)) + ")";
    }
    if (holders.empty() && (locking == "free" || locking == "unknown")) {
        return {};
    }
    return Error{ErrorCode::Refused,
                 path + " is no sound database, and " +
                     (holders.empty() ? std::string("another program") : holders) + " has it open"}
        .withEffect("it was not touched, and nothing was restored")
        .withFix("end that program, and try again");
}

Result<bool> isRestoreNeeded(const Args& args,
                             engine::RestoreOptions& options,
                             const Session& session) {
    if (args.has("--if-needed")) {
        return isDamaged(options, session);
    }
    // "There" means to a start script: a file, or a link to one.
    if (args.has("--if-not-exists") && isFile(options.targetPath)) {
        return nothingToDo(options.targetPath, " is there already", session);
    }
    return true;
}

}  // namespace cli
