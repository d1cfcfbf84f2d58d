// SPDX-License-Identifier: Apache-2.0
// The control socket: whoever holds the state folder answers on it. One JSON object a line each
// way; a connection may ask several times.
//   {"version":1,"request":"status"}                          -> the status document
//   {"version":1,"request":"snapshot","database":"notes"}     -> {"ok":true}; no database = all
//   {"version":1,"request":"pause","until":"2026-06-14T..."}  -> {"ok":true}; no until = until
//   resume
//   {"version":1,"request":"resume"}                          -> {"ok":true}
//   {"version":1,"request":"stop"}                            -> {"ok":true}
//   failure                                                   ->
//   {"error":{code,message,effect,fix}}
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace engine {

inline constexpr int kControlVersion = 1;
inline constexpr std::size_t kControlLineBytesMax = 64u << 10;
inline constexpr std::size_t kControlReplyBytesMax = 64u << 20;

/// $XDG_RUNTIME_DIR/strandline/<hash of the folder>.sock, or in the folder itself where there is no
/// runtime folder.
std::string controlSocketPath(const std::string& stateDir);

/// The reply that says what went wrong.
std::string errorReply(const Error& error);

/// Serves on one thread of its own. The owner holds the state folder's lock: a socket that is still
/// there is a leftover and is replaced. Only processes of the same user are heard.
class ControlServer {
public:
    /// Takes one request (JSON object, version checked, "request" is a text) and returns its reply.
    /// Called on the server's thread; must not wait long.
    using Handler = std::function<std::string(std::string_view request)>;

    static Result<std::unique_ptr<ControlServer>> start(const std::string& stateDir,
                                                        Handler handler);
    virtual ~ControlServer() = default;
    virtual const std::string& path() const noexcept = 0;
};

/// One request, one reply. NotFound: nobody listens there; Timeout; Corruption: the reply is too
/// long or ended early. A reply that is {"error":...} is a reply.
Result<std::string> askControlSocket(const std::string& stateDir,
                                     std::string_view requestJson,
                                     std::chrono::milliseconds timeout);
/// The error inside a reply, if it is one.
Status statusOfReply(std::string_view reply);

}  // namespace engine
