// SPDX-License-Identifier: Apache-2.0
#include <QtTest>

#include "engine/replica/marker.h"
#include "engine/replica/memory_replica.h"

#include "tests/replica/check_result.h"

using namespace engine;

class TestMarker : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<MemoryReplica> m_replica;
    const Time m_now{1781438531123};

    void store(const std::string& text) {
        const ByteView bytes = viewOf(text);
        m_replica->place().store(std::string(kMarker), Buffer(bytes.begin(), bytes.end()));
    }

private slots:

    void init() { m_replica = std::make_unique<MemoryReplica>(); }

    void ensure_newPlace_makesAMarker() {
        const auto id = ensureMarker(*m_replica, std::nullopt, m_now, {});
        VERIFY_OK(id);
        QVERIFY(!id.value().empty());
        const auto marker = readMarker(*m_replica, {});
        VERIFY_OK(marker);
        QCOMPARE(marker.value().id.text(), id.value().text());
        QCOMPARE(marker.value().createdAt.ms, m_now.ms);
    }

    void ensure_addedASecondTime_keepsTheId() {
        const auto first = ensureMarker(*m_replica, std::nullopt, m_now, {});
        const auto second = ensureMarker(*m_replica, std::nullopt, m_now.plus(1000), {});
        VERIFY_OK(second);
        QCOMPARE(second.value().text(), first.value().text());
        QCOMPARE(m_replica->requests(ReplicaVerb::Put), std::uint64_t(1));
    }

    void ensure_known_matches() {
        const auto id = ensureMarker(*m_replica, std::nullopt, m_now, {});
        const auto again = ensureMarker(*m_replica, id.value(), m_now, {});
        VERIFY_OK(again);
        QCOMPARE(again.value().text(), id.value().text());
    }

    void ensure_knownButAbsentOrDifferent_isUnavailableAndWritesNothing_data() {
        QTest::addColumn<QString>("there");
        QTest::newRow("an empty place") << QString();
        QTest::newRow("another replica")
            << R"({"createdAt":"2026-06-14T12:02:11.123Z","id":"00000000000000aa","version":1})";
        QTest::newRow("rubbish") << QStringLiteral("rubbish");
    }

    void ensure_knownButAbsentOrDifferent_isUnavailableAndWritesNothing() {
        QFETCH(QString, there);
        if (!there.isEmpty()) {
            store(there.toStdString());
        }
        const auto before = m_replica->place().objects();
        const auto ensured = ensureMarker(*m_replica, ReplicaId{0xbb}, m_now, {});
        COMPARE_CODE(ensured, Unavailable);
        QVERIFY(ensured.error().message.find("not the replica that was here") != std::string::npos);
        QVERIFY(!ensured.error().effect.empty() && !ensured.error().fix.empty());
        QVERIFY(m_replica->place().objects() == before);
        QCOMPARE(m_replica->requests(ReplicaVerb::Put), std::uint64_t(0));
    }

    void ensure_replyLost_isUnavailableAndTheNextTryFindsIt() {
        m_replica->addFault({.verb = ReplicaVerb::Put, .effect = ReplicaFault::Effect::LoseReply});
        COMPARE_CODE(ensureMarker(*m_replica, std::nullopt, m_now, {}), Unavailable);
        VERIFY_OK(ensureMarker(*m_replica, std::nullopt, m_now, {}));
        QCOMPARE(m_replica->place().objects().size(), std::size_t(1));
    }

    void ensure_anotherComputerIsFirst_takesItsId() {
        m_replica->setPause([&](ReplicaVerb verb, std::string_view) {
            if (verb == ReplicaVerb::Put) {
                store(
                    R"({"createdAt":"2026-06-14T12:02:11.123Z","id":"00000000000000aa","version":1})");
            }
        });
        const auto id = ensureMarker(*m_replica, std::nullopt, m_now, {});
        VERIFY_OK(id);
        QCOMPARE(id.value().value, std::uint64_t(0xaa));
    }

    void rewrite_overRubbish_isTheKnownOneAgain() {
        store("rubbish");
        VERIFY_OK(rewriteMarker(*m_replica, ReplicaId{0xbb}, m_now, {}));
        VERIFY_OK(ensureMarker(*m_replica, ReplicaId{0xbb}, m_now, {}));
    }

    void read_malformed_isCorruption_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("code");
        const QString corruption = QStringLiteral("corruption");
        QTest::newRow("empty") << QString() << corruption;
        QTest::newRow("array") << QStringLiteral("[]") << corruption;
        QTest::newRow("no version")
            << R"({"createdAt":"2026-06-14T12:02:11.123Z","id":"00000000000000aa"})" << corruption;
        QTest::newRow("text version")
            << R"({"createdAt":"2026-06-14T12:02:11.123Z","id":"00000000000000aa","version":"1"})"
            << corruption;
        QTest::newRow("short id")
            << R"({"createdAt":"2026-06-14T12:02:11.123Z","id":"aa","version":1})" << corruption;
        QTest::newRow("zero id")
            << R"({"createdAt":"2026-06-14T12:02:11.123Z","id":"0000000000000000","version":1})"
            << corruption;
        QTest::newRow("number id")
            << R"({"createdAt":"2026-06-14T12:02:11.123Z","id":170,"version":1})" << corruption;
        QTest::newRow("bad time")
            << R"({"createdAt":"yesterday","id":"00000000000000aa","version":1})" << corruption;
        QTest::newRow("newer") << R"({"id":"x","version":2})" << QStringLiteral("unsupported");
        QTest::newRow("too long") << QString(100'000, u' ') << corruption;
    }

    void read_malformed_isCorruption() {
        QFETCH(QString, text);
        QFETCH(QString, code);
        store(text.toStdString());
        const auto marker = readMarker(*m_replica, {});
        QVERIFY(!marker.ok());
        QCOMPARE(std::string(toText(marker.error().code)), code.toStdString());
        // Adding does not write over what it does not understand.
        QVERIFY(!ensureMarker(*m_replica, std::nullopt, m_now, {}).ok());
        QCOMPARE(m_replica->requests(ReplicaVerb::Put), std::uint64_t(0));
    }

    void read_unknownKeys_areAllowed() {
        store(
            R"({"createdAt":"2026-06-14T12:02:11.123Z","id":"00000000000000aa","version":1,"note":"x"})");
        VERIFY_OK(readMarker(*m_replica, {}));
    }
};

QTEST_GUILESS_MAIN(TestMarker)
#include "tst_marker.moc"
