// SPDX-License-Identifier: Apache-2.0
// The oracle: an app writes and logs what its database holds after each commit; the recorder and
// the app are killed at random; then every point of the timeline must be one of the logged states,
// in order, and nothing that was reported as stored may be missing.
//
// ORACLE_SECONDS: how long each scenario runs (default 15). ORACLE_SEED: another course of events.
#include <random>

#include <QElapsedTimer>
#include <QFileInfo>
#include <QtTest>

#include "engine/base/file_system.h"

#include "tests/end_to_end/rig.h"
#include "tests/support/oracle_checker.h"

namespace {

struct Scenario {
    QString journal;
    int pageSize = 4096;
    bool switches = false;
    bool spills = false;
    bool killsWriters = true;  // in MEMORY and OFF a kill tears the app's own file
    int recorderKillsMin = 20;
    int writerKillsMin = 5;
};

struct Stored {
    engine::GenerationId generation;
    engine::TxId tx;
};

/// One course of events. All waits end by events or by the course's own random times.
class Course {
public:
    Course(const Scenario& scenario, std::uint64_t seed)
        : m_scenario(scenario)
        , m_random(seed) {}

    void run(qint64 ms);

    const Rig& rig() const { return m_rig; }

    const std::vector<Stored>& stored() const { return m_stored; }

    int recorderKills = 0;
    int writerKills = 0;

private:
    int below(int limit) {
        return static_cast<int>(m_random() % static_cast<std::uint64_t>(limit));
    }

    QStringList writerOptions();
    void startWriters();
    void noteStored();
    void disturb();
    void finish();

    Scenario m_scenario;
    std::mt19937_64 m_random;
    Rig m_rig;
    std::vector<Stored> m_stored;
    int m_autoVacuum = 0;
};

QStringList Course::writerOptions() {
    // A rollback journal is read while nobody writes: it takes pauses to see anything.
    const bool wal = m_scenario.journal == QStringLiteral("wal");
    const int pauses[] = {0, 500, 5000};
    const int pauseUs = wal ? pauses[below(3)] : 20'000;
    QStringList options{QStringLiteral("--seed"),
                        QString::number(below(1 << 30)),
                        QStringLiteral("--journal"),
                        m_scenario.journal,
                        QStringLiteral("--page-size"),
                        QString::number(m_scenario.pageSize),
                        QStringLiteral("--auto-vacuum"),
                        QString::number(m_autoVacuum),
                        QStringLiteral("--cache"),
                        QString::number(10 + below(100)),
                        QStringLiteral("--synchronous"),
                        below(2) == 0 ? QStringLiteral("NORMAL") : QStringLiteral("OFF"),
                        QStringLiteral("--pause-us"),
                        QString::number(pauseUs)};
    if (m_scenario.switches) {
        options << QStringLiteral("--switch");
    }
    // SQLite 3.40.1 commits frames without checksums after a savepoint that spilled. Nobody can
    // read them once their writer is dead, SQLite neither: with a checkpoint in between, it finds
    // its own database malformed, also where nobody records it.
    const bool spills = !wal || m_scenario.spills;
    if (!spills) {
        options << QStringLiteral("--no-spill");
    }
    if (below(3) == 0 && !(wal && spills)) {
        options << QStringLiteral("--leave-open");
    }
    return options;
}

void Course::startWriters() {
    const int count = m_scenario.switches ? 1 : 1 + below(3);
    for (int i = 0; i < count; ++i) {
        QVERIFY2(m_rig.startWriter(writerOptions()), m_rig.writerOutput().constData());
    }
}

void Course::noteStored() {
    const auto status = m_rig.status();
    if (!status || status->databases.empty()) {
        return;
    }
    const engine::DatabaseStatus& database = status->databases.front();
    if (database.storedTxId.value != 0 && !database.replicas.empty() &&
        database.replicas.front().restorable) {
        m_stored.push_back({database.generation, database.storedTxId});
    }
}

void Course::disturb() {
    const int what = below(100);
    const bool writers = m_scenario.killsWriters && what >= 60 && what < 85;
    const bool recorder = what < 75 || !m_scenario.killsWriters;
    const bool politely = what >= 85;
    if (writers) {
        QVERIFY2(m_rig.killWriters(), m_rig.writerOutput().constData());
        writerKills += 1;
    }
    if (recorder) {
        QVERIFY2(m_rig.killRecorder(), m_rig.recorderOutput().constData());
        recorderKills += 1;
    } else if (politely) {
        QVERIFY2(m_rig.stopRecorder(), m_rig.recorderOutput().constData());
    }
    if (writers) {
        startWriters();
    }
    if (recorder || politely) {
        // Sometimes the app goes on alone for a while: commits, checkpoints, perhaps a VACUUM.
        if (below(2) == 0) {
            QVERIFY2(m_rig.letWritersRun(below(400)), m_rig.writerOutput().constData());
        }
        m_rig.startRecorder();
    }
}

void Course::run(qint64 ms) {
    QVERIFY(m_rig.isValid());
    m_autoVacuum = below(3);
    const bool recorderFirst = below(2) == 0;
    if (recorderFirst) {
        m_rig.startRecorder();
    }
    startWriters();
    if (QTest::currentTestFailed()) {
        return;
    }
    if (!recorderFirst) {
        m_rig.startRecorder();
    }
    QElapsedTimer timer;
    timer.start();
    const auto enough = [&] {
        return timer.elapsed() >= ms && recorderKills >= m_scenario.recorderKillsMin &&
               (writerKills >= m_scenario.writerKillsMin || !m_scenario.killsWriters) &&
               !m_stored.empty() && m_stored.back().tx.value > 20;
    };
    while (!enough()) {
        QVERIFY2(timer.elapsed() < 5 * ms + 60'000, "the kills or the points do not come");
        // Mostly killed while it opens the database; now and then it has the time to go on.
        const int run = below(5) == 0 ? 1000 + below(2000) : 50 + below(900);
        QVERIFY2(m_rig.letRun(run), m_rig.recorderOutput().constData());
        noteStored();
        disturb();
        if (QTest::currentTestFailed()) {
            return;
        }
    }
    finish();
}

void Course::finish() {
    QVERIFY2(m_rig.stopWriters(), m_rig.writerOutput().constData());
    QVERIFY2(m_rig.stopRecorder(), m_rig.recorderOutput().constData());
    QCOMPARE(m_rig.catchUp(), 0);
}

}  // namespace

class TestOracle final : public QObject {
    Q_OBJECT

private slots:
    void everyPoint_underKills_isACommit_data();
    void everyPoint_underKills_isACommit();

private:
    void check(const Course& course, std::uint64_t seed);
};

void TestOracle::everyPoint_underKills_isACommit_data() {
    QTest::addColumn<QString>("journal");
    QTest::addColumn<int>("pageSize");
    for (const char* journal : {"wal", "delete"}) {
        for (const int pageSize : {512, 4096, 65536}) {
            QTest::addRow("%s-%d", journal, pageSize) << QString::fromLatin1(journal) << pageSize;
        }
    }
    for (const char* journal : {"truncate", "persist", "memory", "off", "switch", "spill"}) {
        QTest::addRow("%s-4096", journal) << QString::fromLatin1(journal) << 4096;
    }
}

void TestOracle::everyPoint_underKills_isACommit() {
    QFETCH(QString, journal);
    QFETCH(int, pageSize);
    Scenario scenario;
    scenario.journal = journal;
    scenario.pageSize = pageSize;
    const bool main = journal == QStringLiteral("wal") || journal == QStringLiteral("delete");
    if (!main) {
        scenario.switches = journal == QStringLiteral("switch");
        scenario.spills = journal == QStringLiteral("spill");
        scenario.journal = scenario.switches ? QStringLiteral("delete")
                           : scenario.spills ? QStringLiteral("wal")
                                             : journal;
        scenario.killsWriters =
            journal == QStringLiteral("truncate") || journal == QStringLiteral("persist");
        scenario.recorderKillsMin = 5;
        scenario.writerKillsMin = 1;
    }
    bool haveSeed = false;
    const int given = qEnvironmentVariableIntValue("ORACLE_SEED", &haveSeed);
    const auto seed = static_cast<std::uint64_t>(haveSeed ? given : 20'240'614 + pageSize);
    bool haveSeconds = false;
    const int seconds = qEnvironmentVariableIntValue("ORACLE_SECONDS", &haveSeconds);
    qInfo("ORACLE_SEED=%llu", static_cast<unsigned long long>(seed));

    Course course(scenario, seed);
    course.run(haveSeconds ? seconds * 1000LL : main ? 15'000 : 6'000);
    if (!QTest::currentTestFailed()) {
        check(course, seed);
    }
}

void TestOracle::check(const Course& course, std::uint64_t seed) {
    auto opened = oracle::Checker::open(course.rig().replica().toStdString(),
                                        course.rig().log().toStdString());
    QVERIFY2(opened.ok(), opened.ok() ? "" : opened.error().message.c_str());
    oracle::Checker& checker = *opened.value();
    const auto timeline = checker.checkTimeline();
    QVERIFY2(timeline.ok(), timeline.ok() ? "" : timeline.error().message.c_str());
    const auto restores =
        checker.checkRestores(5, seed, course.rig().path(QStringLiteral(".")).toStdString());
    QVERIFY2(restores.ok(), restores.ok() ? "" : restores.error().message.c_str());
    for (const Stored& stored : course.stored()) {
        checker.checkStored(stored.generation, stored.tx);
    }
    const oracle::CheckReport& report = checker.report();
    qInfo(
        "states=%llu points=%llu alone=%llu catchUps=%llu generations=%llu restored=%llu "
        "wrong=%llu "
        "recorderKills=%d writerKills=%d storedReports=%zu",
        static_cast<unsigned long long>(report.states),
        static_cast<unsigned long long>(report.points),
        static_cast<unsigned long long>(report.alone),
        static_cast<unsigned long long>(report.catchUps),
        static_cast<unsigned long long>(report.generations),
        static_cast<unsigned long long>(report.restored),
        static_cast<unsigned long long>(report.wrong),
        course.recorderKills,
        course.writerKills,
        course.stored().size());
    for (const std::string& problem : report.problems) {
        qWarning("%s", problem.c_str());
    }
    QCOMPARE(report.wrong, std::uint64_t{0});
    QVERIFY2(report.newestIsLast, "the newest point is not the last state of the database");
    QCOMPARE(report.generations, std::uint64_t{1});
    QVERIFY(report.points > 10);
    QVERIFY(!course.stored().empty());

    // The oracle itself: where the app has closed its database, the file is the last logged state.
    if (!QFileInfo::exists(course.rig().database() + QStringLiteral("-wal"))) {
        const auto file = engine::readWholeFile(course.rig().database().toStdString(), 1u << 30);
        const auto states = oracle::readStates(course.rig().log().toStdString());
        QVERIFY(file.ok() && states.ok() && !states.value().empty());
        QCOMPARE(engine::xxh3_128(file.value()).text(), states.value().back().image.text());
    }
}

QTEST_GUILESS_MAIN(TestOracle)
#include "tst_oracle.moc"
