// SPDX-License-Identifier: Apache-2.0
// The serving side of the control socket: one thread, one poll, everything bounded.
#include <cerrno>
#include <list>
#include <vector>

#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/base/file_system.h"
#include "engine/base/log.h"
#include "engine/base/thread.h"
#include "engine/service/unix_socket.h"

namespace engine {
namespace {

using Json = nlohmann::json;
using std::chrono::steady_clock;

constexpr std::size_t kClientsMax = 32;
constexpr std::chrono::seconds kIdleMax{60};

struct Client {
    UnixSocket socket;
    std::string incoming;
    std::string outgoing;
    std::size_t sent = 0;  // of outgoing
    steady_clock::time_point lastSeen;
    bool closing = false;  // after what is outgoing
};

std::string refusal(std::string message) {
    return errorReply(Error{ErrorCode::InvalidArgument, std::move(message)}
                          .withEffect("nothing was changed")
                          .withFix("use the program of the same version as the engine"));
}

std::string replyTo(std::string_view line, const ControlServer::Handler& handler) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object()) {
        return refusal("the request is not a JSON object");
    }
    const auto version = json.find("version");
    if (version == json.end() || !version->is_number_integer() || *version != kControlVersion) {
        return refusal("the request is of another version than " + std::to_string(kControlVersion));
    }
    const auto request = json.find("request");
    if (request == json.end() || !request->is_string()) {
        return refusal("the request names nothing to do");
    }
    return handler(line);
}

class Server final : public ControlServer {
public:
    Server(UnixSocket listener, std::string path, Handler handler, int wakeFd)
        : m_listener(std::move(listener))
        , m_path(std::move(path))
        , m_handler(std::move(handler))
        , m_wake(wakeFd)
        , m_thread("control", [this](std::stop_token stop) { serve(std::move(stop)); }) {}

    ~Server() override {
        m_thread.requestStop();
        wake();
        m_thread.join();
        ignoreError(removeFile(m_path), "a leftover is replaced at the next start");
        ::close(m_wake);
    }

    const std::string& path() const noexcept override { return m_path; }

private:
    void wake() noexcept {
        const std::uint64_t one = 1;
        while (::write(m_wake, &one, sizeof one) < 0 && errno == EINTR) {}
    }

    void serve(std::stop_token stop) {
        while (!stop.stop_requested()) {
            std::vector<pollfd> waits = {{m_wake, POLLIN, 0}, {m_listener.fd(), listenEvents(), 0}};
            for (const Client& client : m_clients) {
                const int events = client.outgoing.empty() ? POLLIN : POLLOUT;
                waits.push_back({client.socket.fd(), static_cast<short>(events), 0});
            }
            const int timeout = m_clients.empty() ? -1 : 1000;
            if (::poll(waits.data(), waits.size(), timeout) < 0 && errno != EINTR) {
                log::service().error("control socket stopped errno={}", errno);
                return;
            }
            std::size_t at = 2;
            for (Client& client : m_clients) {
                advance(client, waits[at++].revents != 0);
            }
            m_clients.remove_if(
                [](const Client& client) { return client.closing && client.outgoing.empty(); });
            if (waits[1].revents != 0) {
                accept();
            }
        }
    }

    /// Full house: later ones wait in the backlog until one goes.
    short listenEvents() const noexcept { return m_clients.size() < kClientsMax ? POLLIN : 0; }

    void accept() {
        Result<std::optional<UnixSocket>> accepted = m_listener.accept();
        if (!accepted.ok()) {
            log::service().warn("control socket accept failed error={}", accepted.error().message);
            return;
        }
        std::optional<UnixSocket>& socket = accepted.value();
        if (socket.has_value() && socket->peerIsSameUser()) {
            m_clients.push_back(Client{std::move(*socket), {}, {}, 0, steady_clock::now(), false});
        }
    }

    void advance(Client& client, bool ready) {
        if (!ready) {
            if (steady_clock::now() - client.lastSeen > kIdleMax) {
                drop(client);
            }
            return;
        }
        client.lastSeen = steady_clock::now();
        if (client.outgoing.empty()) {
            receive(client);
        }
        send(client);
    }

    static void drop(Client& client) {
        client.closing = true;
        client.outgoing.clear();
    }

    void receive(Client& client) {
        const Result<UnixSocket::Received> received = client.socket.read(client.incoming);
        if (!received.ok() || received.value().ended) {
            drop(client);
            return;
        }
        answerNext(client);
    }

    /// One request at a time: the next is read when its predecessor's reply has gone.
    void answerNext(Client& client) {
        const std::size_t end = client.incoming.find('\n');
        if (end > kControlLineBytesMax && client.incoming.size() > kControlLineBytesMax) {
            client.outgoing = refusal("the request is longer than " +
                                      std::to_string(kControlLineBytesMax) + " bytes") +
                              "\n";
            client.incoming.clear();
            client.closing = true;
            return;
        }
        if (end == std::string::npos) {
            return;
        }
        std::string reply = replyTo(std::string_view(client.incoming).substr(0, end), m_handler);
        client.incoming.erase(0, end + 1);
        // A newline stands between values only, never inside one: any blank does as well.
        for (std::size_t at = reply.find('\n'); at != std::string::npos;
             at = reply.find('\n', at)) {
            reply[at] = ' ';
        }
        client.outgoing = std::move(reply) + "\n";
    }

    void send(Client& client) {
        while (!client.outgoing.empty()) {
            const std::string_view rest = std::string_view(client.outgoing).substr(client.sent);
            const Result<std::size_t> sent = client.socket.write(rest);
            if (!sent.ok()) {
                drop(client);
                return;
            }
            if (sent.value() == 0) {
                return;
            }
            client.sent += sent.value();
            if (client.sent < client.outgoing.size()) {
                continue;
            }
            client.sent = 0;
            client.outgoing.clear();
            if (!client.closing) {
                answerNext(client);
            }
        }
    }

    UnixSocket m_listener;
    const std::string m_path;
    const Handler m_handler;
    const int m_wake;
    std::list<Client> m_clients;  // of the serving thread only
    Thread m_thread;
};

}  // namespace

Result<std::unique_ptr<ControlServer>> startControlServer(UnixSocket listener,
                                                          std::string path,
                                                          ControlServer::Handler handler) {
    const int wakeFd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wakeFd < 0) {
        return errnoError(errno, "make an event");
    }
    return std::unique_ptr<ControlServer>(
        std::make_unique<Server>(std::move(listener), std::move(path), std::move(handler), wakeFd));
}

}  // namespace engine
