// SPDX-License-Identifier: Apache-2.0
#include <QTemporaryDir>
#include <QtTest>

#include "engine/base/file_system.h"
#include "engine/replica/marker.h"
#include "engine/replica/memory_replica.h"
#include "engine/replica/replica_probe.h"

#include "tests/replica/check_result.h"

using namespace engine;

namespace {

QString summaryOf(const std::vector<ProbeStep>& steps) {
    QStringList texts;
    for (const ProbeStep& step : steps) {
        texts << QString::fromStdString(step.name) + QChar(step.skipped ? u'-'
                                                           : step.ok    ? u'+'
                                                                        : u'!');
    }
    return texts.join(u' ');
}

}  // namespace

class TestReplicaProbe : public QObject {
    Q_OBJECT

private slots:

    void probe_goodFolder_passesEveryStepAndLeavesNothing() {
        QTemporaryDir folder;
        std::vector<std::string> reported;
        const auto steps =
            probeReplica(FileReplicaOptions{folder.path().toStdString()},
                         [&](const ProbeStep& step) { reported.push_back(step.name); },
                         {});
        VERIFY_OK(steps);
        QCOMPARE(summaryOf(steps.value()),
                 QStringLiteral(
                     "resolve+ connect+ secure- signIn- write+ readBack+ list+ delete+ history+"));
        QCOMPARE(reported.size(), steps.value().size());
        for (const ProbeStep& step : steps.value()) {
            QVERIFY2(!step.detail.empty() && step.fix.empty() && step.ms >= 0, step.name.c_str());
        }
        QVERIFY(steps.value().front().detail.find("free") != std::string::npos);
        QVERIFY(listFolder(folder.path().toStdString()).value().empty());
    }

    void probe_missingFolder_failsAtResolveWithAFix() {
        QTemporaryDir folder;
        const auto steps =
            probeReplica(FileReplicaOptions{folder.path().toStdString() + "/none"}, {}, {});
        VERIFY_OK(steps);
        QCOMPARE(summaryOf(steps.value()), QStringLiteral("resolve!"));
        QVERIFY(steps.value()[0].fix.find("create the folder") != std::string::npos);
        QVERIFY(listFolder(folder.path().toStdString()).value().empty());
    }

    void probe_file_failsAtResolve() {
        QTemporaryDir folder;
        const std::string path = folder.path().toStdString() + "/file";
        VERIFY_OK(writeFileAtomically(path, viewOf("x")));
        QCOMPARE(summaryOf(probeReplica(FileReplicaOptions{path}, {}, {}).value()),
                 QStringLiteral("resolve!"));
    }

    void probe_unsupportedKind_cannotBeTried() {
        COMPARE_CODE(probeReplica(SftpReplicaOptions{}, {}, {}), Unsupported);
    }

    void probe_oldReplica_tellsSince() {
        MemoryReplica replica;
        VERIFY_OK(ensureMarker(replica, std::nullopt, Time{1781438531123}, {}));
        const auto steps = runReplicaProbe(replica, {}, {}, {});
        QCOMPARE(summaryOf(steps), QStringLiteral("write+ readBack+ list+ delete+ history+"));
        QVERIFY(steps.back().detail.find("a replica since 2026-06-14T") != std::string::npos);
        QCOMPARE(replica.place().objects().size(), std::size_t(1));
    }

    void probe_faults_stopAtTheStep_data() {
        QTest::addColumn<int>("verb");
        QTest::addColumn<int>("effect");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char* name,
                            ReplicaVerb verb,
                            ReplicaFault::Effect effect,
                            const char* expected) {
            QTest::newRow(name) << static_cast<int>(verb) << static_cast<int>(effect)
                                << QString::fromLatin1(expected);
        };
        row("write fails", ReplicaVerb::Put, ReplicaFault::Effect::Fail, "write!");
        row("the reply of the write is lost",
            ReplicaVerb::Put,
            ReplicaFault::Effect::LoseReply,
            "write!");
        row("read fails", ReplicaVerb::Get, ReplicaFault::Effect::Fail, "write+ readBack!");
        row("a byte is flipped",
            ReplicaVerb::Get,
            ReplicaFault::Effect::FlipByte,
            "write+ readBack!");
        row("list fails", ReplicaVerb::List, ReplicaFault::Effect::Fail, "write+ readBack+ list!");
        row("delete fails",
            ReplicaVerb::Remove,
            ReplicaFault::Effect::Fail,
            "write+ readBack+ list+ delete!");
    }

    void probe_faults_stopAtTheStep() {
        QFETCH(int, verb);
        QFETCH(int, effect);
        QFETCH(QString, expected);
        MemoryReplica replica;
        replica.addFault({.verb = static_cast<ReplicaVerb>(verb),
                          .effect = static_cast<ReplicaFault::Effect>(effect)});
        const auto steps = runReplicaProbe(replica, {}, {}, {});
        QCOMPARE(summaryOf(steps), expected);
        QVERIFY(!steps.back().detail.empty() && !steps.back().fix.empty());
        QVERIFY2(replica.place().objects().empty(), "the probe's object stayed");
    }

    void probe_appendOnly_passesAndSaysSo() {
        MemoryReplica replica;
        replica.setRefuseDelete(true);
        const auto steps = runReplicaProbe(replica, {}, {}, {});
        QCOMPARE(summaryOf(steps), QStringLiteral("write+ readBack+ list+ delete+ history+"));
        QVERIFY(steps[3].detail.find("append-only") != std::string::npos);
    }

    void probe_laggingList_passesAndSaysSo() {
        MemoryReplica replica;
        replica.setListingLag(5);
        const auto steps = runReplicaProbe(replica, {}, {}, {});
        QCOMPARE(summaryOf(steps), QStringLiteral("write+ readBack+ list+ delete+ history+"));
        QVERIFY(steps[2].detail.find("lag") != std::string::npos);
    }

    void probe_ownActions_runFirstInOrder() {
        MemoryReplica replica;
        const auto ok = [](std::stop_token) -> Result<std::string> { return std::string("fine"); };
        const auto fails = [](std::stop_token) -> Result<std::string> {
            return Error{ErrorCode::PermissionDenied, "the server does not know this key"}.withFix(
                "add the key");
        };
        const auto steps = runReplicaProbe(
            replica,
            {{"resolve", ok, ""}, {"secure", nullptr, "loopback"}, {"signIn", fails, ""}},
            {},
            {});
        QCOMPARE(summaryOf(steps), QStringLiteral("resolve+ secure- signIn!"));
        QCOMPARE(steps[2].fix, std::string("add the key"));
        QCOMPARE(replica.requests(), std::uint64_t(0));
    }

    void probe_stopped_isCancelled() {
        MemoryReplica replica;
        replica.addFault({.verb = ReplicaVerb::Get, .effect = ReplicaFault::Effect::Hang});
        std::stop_source source;
        const auto stopAtRead = [&](const ProbeStep& step) {
            if (step.name == "write") {
                source.request_stop();
            }
        };
        const auto steps = runReplicaProbe(replica, {}, stopAtRead, source.get_token());
        QCOMPARE(summaryOf(steps), QStringLiteral("write+ readBack!"));
        QVERIFY(replica.place().objects().empty());
    }
};

QTEST_GUILESS_MAIN(TestReplicaProbe)
#include "tst_replica_probe.moc"
