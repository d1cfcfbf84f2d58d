// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/base/file_system.h"
#include "engine/service/control_socket.h"

using namespace engine;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kSoon{5000};

/// A client that says what it likes.
class RawClient {
public:
    explicit RawClient(const std::string& path) {
        m_fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        ENSURE(path.size() < sizeof address.sun_path);
        std::memcpy(address.sun_path, path.data(), path.size());
        const timeval limit{5, 0};
        ::setsockopt(m_fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        const void* raw = &address;
        m_connected = ::connect(m_fd, static_cast<const sockaddr*>(raw), sizeof address) == 0;
    }

    ~RawClient() { ::close(m_fd); }

    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    bool connected() const { return m_connected; }

    bool send(const std::string& bytes) const {
        std::size_t sent = 0;
        while (sent < bytes.size()) {
            const ssize_t count =
                ::send(m_fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
            if (count <= 0) {
                return false;
            }
            sent += static_cast<std::size_t>(count);
        }
        return true;
    }

    /// Up to the newline, or what came until the end.
    std::string line() {
        while (m_pending.find('\n') == std::string::npos) {
            char buffer[4096];
            const ssize_t count = ::recv(m_fd, buffer, sizeof buffer, 0);
            if (count <= 0) {
                return std::exchange(m_pending, {});
            }
            m_pending.append(buffer, static_cast<std::size_t>(count));
        }
        const std::size_t end = m_pending.find('\n');
        std::string line = m_pending.substr(0, end);
        m_pending.erase(0, end + 1);
        return line;
    }

private:
    int m_fd = -1;
    bool m_connected = false;
    std::string m_pending;
};

std::string echo(std::string_view request) {
    return R"({"heard":)" + std::string(request) + "}";
}

}  // namespace

class TestControlSocket final : public QObject {
    Q_OBJECT

private slots:
    void init();
    void path_runtimeFolder_isUsedWhereThereIsOne();
    void server_socket_isPrivate();
    void ask_goodRequest_isAnswered();
    void ask_nobodyThere_isNotFound();
    void ask_withoutTheRuntimeFolder_findsTheSocket();
    void ask_silentEngine_timesOut();
    void ask_veryLongReply_arrivesWhole();
    void ask_veryLongStatePath_works();
    void start_leftoverSocket_isReplaced();
    void stop_running_removesTheSocket();
    void refused_requests_getAnErrorAndNotTheHandler_data();
    void refused_requests_getAnErrorAndNotTheHandler();
    void refused_longLine_endsTheConnection();
    void connection_severalRequests_areAnsweredInOrder();
    void connection_requestInPieces_isAnswered();
    void connection_manySilentOnes_doNotStopTheServer();
    void connection_closedInTheMiddle_harmsNobody();
    void reply_withNewlines_isOneLine();
    void errorReply_roundTrip_isTheSameError();

private:
    std::unique_ptr<ControlServer> start(ControlServer::Handler handler = &echo) {
        Result<std::unique_ptr<ControlServer>> server =
            ControlServer::start(m_state, std::move(handler));
        ENSURE(server.ok());
        return std::move(server).value();
    }

    static std::string request(const std::string& name) {
        return "{\"version\":1,\"request\":\"" + name + "\"}";
    }

    std::unique_ptr<QTemporaryDir> m_dir;
    std::string m_state;
};

void TestControlSocket::init() {
    m_dir = std::make_unique<QTemporaryDir>();
    m_state = m_dir->filePath(QStringLiteral("state")).toStdString();
    QVERIFY(makeFolders(m_state).ok());
    const QString runtime = m_dir->filePath(QStringLiteral("run"));
    QVERIFY(makeFolders(runtime.toStdString()).ok());
    qputenv("XDG_RUNTIME_DIR", runtime.toUtf8());
}

void TestControlSocket::path_runtimeFolder_isUsedWhereThereIsOne() {
    const std::string inRuntime = controlSocketPath(m_state);
    QVERIFY2(inRuntime.find("/run/strandline/") != std::string::npos, inRuntime.c_str());
    QVERIFY(controlSocketPath(m_state + "2") != inRuntime);
    qunsetenv("XDG_RUNTIME_DIR");
    QCOMPARE(controlSocketPath(m_state), m_state + "/control.sock");
    qputenv("XDG_RUNTIME_DIR", "/nowhere/at/all");
    QCOMPARE(controlSocketPath(m_state), m_state + "/control.sock");
    qputenv("XDG_RUNTIME_DIR", QByteArray("/") + QByteArray(200, 'x'));
    QCOMPARE(controlSocketPath(m_state), m_state + "/control.sock");
}

void TestControlSocket::server_socket_isPrivate() {
    const auto server = start();

    struct stat facts {};

    QCOMPARE(::stat(server->path().c_str(), &facts), 0);
    QVERIFY(S_ISSOCK(facts.st_mode));
    QCOMPARE(facts.st_mode & 0777, mode_t{0600});
    QCOMPARE(::stat(parentOf(server->path()).c_str(), &facts), 0);
    QCOMPARE(facts.st_mode & 0777, mode_t{0700});
}

void TestControlSocket::ask_goodRequest_isAnswered() {
    const auto server = start();
    const Result<std::string> reply = askControlSocket(m_state, request("status"), kSoon);
    QVERIFY(reply.ok());
    QCOMPARE(reply.value(), echo(request("status")));
    QVERIFY(statusOfReply(reply.value()).ok());
}

void TestControlSocket::ask_nobodyThere_isNotFound() {
    QCOMPARE(askControlSocket(m_state, request("status"), kSoon).error().code, ErrorCode::NotFound);
    QCOMPARE(askControlSocket(m_state + "-none", request("status"), kSoon).error().code,
             ErrorCode::NotFound);
}

void TestControlSocket::ask_withoutTheRuntimeFolder_findsTheSocket() {
    const auto server = start();
    qunsetenv("XDG_RUNTIME_DIR");
    QVERIFY(askControlSocket(m_state, request("status"), kSoon).ok());
}

void TestControlSocket::ask_silentEngine_timesOut() {
    std::stop_source release;
    const auto server = start([&release](std::string_view) {
        std::mutex mutex;
        std::condition_variable_any condition;
        std::unique_lock lock(mutex);
        condition.wait(lock, release.get_token(), [] { return false; });
        return std::string("{}");
    });
    const Result<std::string> reply =
        askControlSocket(m_state, request("status"), milliseconds(100));
    QCOMPARE(reply.error().code, ErrorCode::Timeout);
    release.request_stop();
}

void TestControlSocket::ask_veryLongReply_arrivesWhole() {
    const std::string large = "{\"x\":\"" + std::string(8u << 20, 'y') + "\"}";
    const auto server = start([&large](std::string_view) { return large; });
    const Result<std::string> reply = askControlSocket(m_state, request("status"), kSoon);
    QVERIFY(reply.ok());
    QVERIFY(reply.value() == large);
}

void TestControlSocket::ask_veryLongStatePath_works() {
    qunsetenv("XDG_RUNTIME_DIR");
    m_state = joinPath(joinPath(m_state, std::string(100, 'a')), std::string(100, 'b'));
    QVERIFY(makeFolders(m_state).ok());
    const auto server = start();
    QVERIFY(askControlSocket(m_state, request("status"), kSoon).ok());
}

void TestControlSocket::start_leftoverSocket_isReplaced() {
    const std::string path = controlSocketPath(m_state);
    QVERIFY(makeFolders(parentOf(path)).ok());
    QVERIFY(writeFileAtomically(path, viewOf("left by a crash")).ok());
    const auto server = start();
    QVERIFY(askControlSocket(m_state, request("status"), kSoon).ok());
}

void TestControlSocket::stop_running_removesTheSocket() {
    auto server = start();
    const std::string path = server->path();
    server.reset();
    QVERIFY(!factsOf(path).ok());
    QCOMPARE(askControlSocket(m_state, request("status"), kSoon).error().code, ErrorCode::NotFound);
}

void TestControlSocket::refused_requests_getAnErrorAndNotTheHandler_data() {
    QTest::addColumn<QByteArray>("request");
    QTest::addColumn<QString>("reason");
    QTest::newRow("wrong version")
        << QByteArray(R"({"version":2,"request":"status"})") << "version";
    QTest::newRow("no version") << QByteArray(R"({"request":"status"})") << "version";
    QTest::newRow("version as text")
        << QByteArray(R"({"version":"1","request":"status"})") << "version";
    QTest::newRow("version 1.5") << QByteArray(R"({"version":1.5,"request":"status"})")
                                 << "version";
    QTest::newRow("no request") << QByteArray(R"({"version":1})") << "names nothing";
    QTest::newRow("request a number")
        << QByteArray(R"({"version":1,"request":3})") << "names nothing";
    QTest::newRow("not JSON") << QByteArray("hello") << "not a JSON object";
    QTest::newRow("a list") << QByteArray("[1]") << "not a JSON object";
    QTest::newRow("nothing") << QByteArray("") << "not a JSON object";
    QTest::newRow("deep") << QByteArray(50000, '[') << "not a JSON object";
    QTest::newRow("binary") << QByteArray("\x00\xff\x1b", 3) << "not a JSON object";
}

void TestControlSocket::refused_requests_getAnErrorAndNotTheHandler() {
    QFETCH(QByteArray, request);
    QFETCH(QString, reason);
    std::atomic<int> calls{0};
    const auto server = start([&calls](std::string_view) {
        ++calls;
        return std::string("{}");
    });
    const Result<std::string> reply = askControlSocket(m_state, request.toStdString(), kSoon);
    QVERIFY(reply.ok());
    const Status status = statusOfReply(reply.value());
    QVERIFY(!status.ok());
    QCOMPARE(status.error().code, ErrorCode::InvalidArgument);
    QVERIFY2(status.error().message.find(reason.toStdString()) != std::string::npos,
             status.error().message.c_str());
    QCOMPARE(calls.load(), 0);
}

void TestControlSocket::refused_longLine_endsTheConnection() {
    const auto server = start();
    RawClient client(server->path());
    QVERIFY(client.connected());
    // More than fits is not waited for, so the end of the send may fail.
    client.send(std::string(4 * kControlLineBytesMax, 'x'));
    QVERIFY(client.line().find("longer than") != std::string::npos);
    QCOMPARE(client.line(), std::string());
    QVERIFY(askControlSocket(m_state, request("status"), kSoon).ok());
}

void TestControlSocket::connection_severalRequests_areAnsweredInOrder() {
    const auto server = start();
    RawClient client(server->path());
    std::string all;
    for (int i = 0; i < 100; ++i) {
        all += request(std::to_string(i)) + "\n";
    }
    QVERIFY(client.send(all));
    for (int i = 0; i < 100; ++i) {
        QCOMPARE(client.line(), echo(request(std::to_string(i))));
    }
}

void TestControlSocket::connection_requestInPieces_isAnswered() {
    const auto server = start();
    RawClient client(server->path());
    for (const char c : request("slow")) {
        QVERIFY(client.send(std::string(1, c)));
    }
    QVERIFY(client.send("\n"));
    QCOMPARE(client.line(), echo(request("slow")));
}

void TestControlSocket::connection_manySilentOnes_doNotStopTheServer() {
    const auto server = start();
    std::vector<std::unique_ptr<RawClient>> silent;
    for (int i = 0; i < 20; ++i) {
        silent.push_back(std::make_unique<RawClient>(server->path()));
        QVERIFY(silent.back()->connected());
        QVERIFY(silent.back()->send("{\"half"));
    }
    QVERIFY(askControlSocket(m_state, request("status"), kSoon).ok());
}

void TestControlSocket::connection_closedInTheMiddle_harmsNobody() {
    const std::string large(4u << 20, 'y');
    const auto server = start([&large](std::string_view) { return large; });
    for (int i = 0; i < 20; ++i) {
        RawClient client(server->path());
        QVERIFY(client.send(request("status") + "\n"));
    }
    const Result<std::string> reply = askControlSocket(m_state, request("status"), kSoon);
    QVERIFY2(reply.ok(), reply.ok() ? "" : reply.error().message.c_str());
}

void TestControlSocket::reply_withNewlines_isOneLine() {
    const auto server = start([](std::string_view) { return std::string("{\n\"a\":\n1}"); });
    const Result<std::string> reply = askControlSocket(m_state, request("status"), kSoon);
    QCOMPARE(reply.value(), std::string("{ \"a\": 1}"));
}

void TestControlSocket::errorReply_roundTrip_isTheSameError() {
    const Error error{ErrorCode::Refused, "it would \"harm\"\n", 0, "nothing was changed", "wait"};
    const Status status = statusOfReply(errorReply(error));
    QVERIFY(!status.ok());
    QCOMPARE(status.error().code, error.code);
    QCOMPARE(status.error().message, error.message);
    QCOMPARE(status.error().effect, error.effect);
    QCOMPARE(status.error().fix, error.fix);
    QCOMPARE(statusOfReply("nonsense").error().code, ErrorCode::Corruption);
    QCOMPARE(statusOfReply(R"({"error":{"code":"fromTheFuture"}})").error().code,
             ErrorCode::Internal);
}

QTEST_GUILESS_MAIN(TestControlSocket)
#include "tst_control_socket.moc"
