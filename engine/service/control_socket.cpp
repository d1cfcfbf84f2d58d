// SPDX-License-Identifier: Apache-2.0
#include "engine/service/control_socket.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "engine/base/checksum.h"
#include "engine/base/file_system.h"
#include "engine/base/ids.h"
#include "engine/service/unix_socket.h"

namespace engine {
namespace {

using Json = nlohmann::json;
using Deadline = std::chrono::steady_clock::time_point;

/// Where the server says which path it took: a client may run without the runtime folder (cron).
constexpr std::string_view kPathFileName = "control";

Status sendAll(const UnixSocket& socket, std::string_view text, Deadline deadline) {
    while (!text.empty()) {
        ENGINE_TRY_ASSIGN(const std::size_t sent, socket.write(text));
        text.remove_prefix(sent);
        if (!text.empty() && sent == 0) {
            ENGINE_TRY(socket.waitWritable(deadline));
        }
    }
    return {};
}

Result<std::string> receiveLine(const UnixSocket& socket, Deadline deadline) {
    std::string line;
    while (line.size() <= kControlReplyBytesMax) {
        ENGINE_TRY_ASSIGN(const UnixSocket::Received received, socket.read(line));
        if (const std::size_t end = line.find('\n', line.size() - received.count);
            end != std::string::npos) {
            line.resize(end);
            return line;
        }
        if (received.ended) {
            return Error{ErrorCode::Corruption,
                         "the engine ended the connection before its reply was whole"};
        }
        if (received.count == 0) {
            ENGINE_TRY(socket.waitReadable(deadline));
        }
    }
    return Error{ErrorCode::Corruption, "the engine's reply is longer than it may be"};
}

std::string oneLine(std::string_view json) {
    std::string line(json);
    std::replace(line.begin(), line.end(), '\n', ' ');
    line.push_back('\n');
    return line;
}

ErrorCode codeOf(std::string_view text) noexcept {
    for (auto code = static_cast<unsigned>(ErrorCode::InvalidArgument);
         code <= static_cast<unsigned>(ErrorCode::Internal);
         ++code) {
        if (toText(static_cast<ErrorCode>(code)) == text) {
            return static_cast<ErrorCode>(code);
        }
    }
    return ErrorCode::Internal;
}

}  // namespace

std::string controlSocketPath(const std::string& stateDir) {
    const Result<std::string> real = realPath(stateDir);
    const std::string& folder = real.ok() ? real.value() : stateDir;
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    if (runtime != nullptr && *runtime == '/') {
        const std::string name = toHex16(xxh3(viewOf(folder))) + ".sock";
        std::string path = joinPath(joinPath(runtime, "strandline"), name);
        const Result<FileFacts> facts = factsOf(runtime);
        if (facts.ok() && facts.value().isDirectory() && UnixSocket::fits(path)) {
            return path;
        }
    }
    return joinPath(folder, "control.sock");
}

std::string errorReply(const Error& error) {
    const Json json = {{"error",
                        {{"code", toText(error.code)},
                         {"message", error.message},
                         {"effect", error.effect},
                         {"fix", error.fix}}}};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Status statusOfReply(std::string_view reply) {
    const Json json = Json::parse(reply, nullptr, false);
    if (!json.is_object()) {
        return Error{ErrorCode::Corruption, "the engine's reply is not what was asked for"};
    }
    const auto error = json.find("error");
    if (error == json.end() || !error->is_object()) {
        return {};
    }
    const auto text = [&error](const char* key) {
        const auto found = error->find(key);
        return found != error->end() && found->is_string() ? found->get<std::string>()
                                                           : std::string();
    };
    return Error{codeOf(text("code")), text("message"), 0, text("effect"), text("fix")};
}

Result<std::string> askControlSocket(const std::string& stateDir,
                                     std::string_view requestJson,
                                     std::chrono::milliseconds timeout) {
    const Deadline deadline = std::chrono::steady_clock::now() + timeout;
    std::string path = controlSocketPath(stateDir);
    if (const Result<Buffer> told = readWholeFile(joinPath(stateDir, kPathFileName), 4096);
        told.ok()) {
        path = textOf(told.value());
    }
    Result<UnixSocket> socket = UnixSocket::connect(path, timeout);
    if (!socket.ok()) {
        const int why = socket.error().sysErrno;
        if (why == ENOENT || why == ECONNREFUSED || why == ENOTDIR) {
            return Error{ErrorCode::NotFound,
                         "no engine is running with the state folder " + stateDir};
        }
        return std::move(socket).error();
    }
    ENGINE_TRY(sendAll(socket.value(), oneLine(requestJson), deadline));
    return receiveLine(socket.value(), deadline);
}

Result<std::unique_ptr<ControlServer>> ControlServer::start(const std::string& stateDir,
                                                            Handler handler) {
    const std::string path = controlSocketPath(stateDir);
    if (parentOf(path) != stateDir) {
        ENGINE_TRY(makeFolders(parentOf(path)));
    }
    ENGINE_TRY(removeFile(path));
    ENGINE_TRY_ASSIGN(UnixSocket listener, UnixSocket::listen(path));
    ENGINE_TRY(writeFileAtomically(joinPath(stateDir, kPathFileName), viewOf(path)));
    return startControlServer(std::move(listener), path, std::move(handler));
}

}  // namespace engine
