// SPDX-License-Identifier: Apache-2.0
// The words of the window: pure functions, held against tables.
#include <QLocale>
#include <QtTest>

#include "tests/ui/sample_status.h"
#include "ui/text/error_text.h"
#include "ui/text/restore_text.h"
#include "ui/text/status_text.h"
#include "ui/text/units.h"

using engine::ProtectionState;
using engine::Time;
using sample::kNow;

Q_DECLARE_METATYPE(ui::EngineView)
Q_DECLARE_METATYPE(engine::ProtectionState)

class TestUiText final : public QObject {
    Q_OBJECT

private slots:
    void initTestCase();
    void headline_everyState_saysTheWorst_data();
    void headline_everyState_saysTheWorst();
    void headline_staleStatus_isUnknown();
    void headline_withoutStatus_neverSaysProtected_data();
    void headline_withoutStatus_neverSaysProtected();
    void stateLine_everyState_saysWhy_data();
    void stateLine_everyState_saysWhy();
    void banners_worstFirst_withAWayOut();
    void banners_badConfiguration_showTheEnginesWords();
    void replicas_partlyBehind_areCounted();
    void queue_pendingBytes_areSaid();
    void sizes_areShort_data();
    void sizes_areShort();
    void durations_areShort_data();
    void durations_areShort();
    void share_nearlyAll_isNotRoundedToAll();
    void moment_dayAndYear_asFarAsNeeded();
    void sentences_effectAndFix_followTheCause();
    void fileName_momentAndSuffix_areLegal_data();
    void fileName_momentAndSuffix_areLegal();
    void fileName_taken_countsUp_data();
    void fileName_taken_countsUp();
    void goTo_whatPeopleType_isUnderstood_data();
    void goTo_whatPeopleType_isUnderstood();
    void findPoint_momentAndNumber_pickTheOneAtOrBefore();
};

void TestUiText::initTestCase() {
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom));
}

void TestUiText::headline_everyState_saysTheWorst_data() {
    using enum ProtectionState;
    QTest::addColumn<QList<int>>("states");
    QTest::addColumn<QString>("sentence");
    QTest::addColumn<int>("shape");
    const auto row = [](const char* name,
                        std::vector<ProtectionState> states,
                        const QString& sentence,
                        ProtectionState shape) {
        QList<int> numbers;
        for (const ProtectionState state : states) {
            numbers.append(static_cast<int>(state));
        }
        QTest::newRow(name) << numbers << sentence << static_cast<int>(shape);
    };
    row("one, protected", {Protected}, QStringLiteral("Your database is protected"), Protected);
    row("two", {Protected, Protected}, QStringLiteral("Both databases are protected"), Protected);
    row("three",
        {Protected, Protected, Protected},
        QStringLiteral("All 3 databases are protected"),
        Protected);
    row("catching up counts as protected",
        {Protected, CatchingUp, Protected},
        QStringLiteral("All 3 databases are protected"),
        Protected);
    row("attention",
        {NeedsAttention},
        QStringLiteral("1 database needs attention"),
        NeedsAttention);
    row("attention beats everything",
        {Unknown, NeedsAttention, NotProtected, NeedsAttention, Paused},
        QStringLiteral("2 databases need attention"),
        NeedsAttention);
    row("unknown is not protected",
        {Protected, Unknown},
        QStringLiteral("We can't tell about 1 database"),
        Unknown);
    row("not protected beats behind",
        {FallingBehind, NotProtected},
        QStringLiteral("1 database is not protected yet"),
        NotProtected);
    row("one behind",
        {Protected, FallingBehind},
        QStringLiteral("base1 is 7 min behind"),
        FallingBehind);
    row("two behind name the worst",
        {FallingBehind, FallingBehind},
        QStringLiteral("2 databases are behind (worst: base1, 7 min)"),
        FallingBehind);
    row("paused", {Paused, Paused}, QStringLiteral("Uploads are paused"), Paused);
    row("waiting is named apart",
        {Protected, Waiting, CatchingUp},
        QStringLiteral("2 of 3 databases are protected, 1 is waiting"),
        Waiting);
    row("one waiting", {Waiting}, QStringLiteral("base0 is waiting"), Waiting);
    row("restoring", {Protected, Restoring}, QStringLiteral("Restoring base1…"), Restoring);
    row("none", {}, QStringLiteral("Nothing is protected yet"), NotProtected);
}

void TestUiText::headline_everyState_saysTheWorst() {
    QFETCH(QList<int>, states);
    QFETCH(QString, sentence);
    QFETCH(int, shape);
    std::vector<engine::DatabaseStatus> databases;
    for (qsizetype i = 0; i < states.size(); ++i) {
        databases.push_back(sample::database("base" + std::to_string(i),
                                             static_cast<ProtectionState>(states[i]),
                                             static_cast<std::uint64_t>(i + 1),
                                             (6 + i) * 60'000));
    }
    const ui::Headline headline = ui::headlineOf(sample::view(databases), kNow);
    QCOMPARE(headline.sentence, sentence);
    QCOMPARE(static_cast<int>(headline.state), shape);
}

void TestUiText::headline_staleStatus_isUnknown() {
    const ui::EngineView view =
        sample::view({sample::database("notes", ProtectionState::Protected, 1)});
    QCOMPARE(ui::headlineOf(view, kNow.plus(ui::kStatusFreshMs)).state, ProtectionState::Protected);
    const ui::Headline old = ui::headlineOf(view, kNow.plus(ui::kStatusFreshMs + 1));
    QCOMPARE(old.sentence, QStringLiteral("We can't tell right now"));
    QCOMPARE(old.state, ProtectionState::Unknown);
    QCOMPARE(ui::shownState(view, view.status->databases[0], kNow.plus(40'000)),
             ProtectionState::Unknown);
}

void TestUiText::headline_withoutStatus_neverSaysProtected_data() {
    QTest::addColumn<int>("phase");
    QTest::newRow("starting") << static_cast<int>(ui::Phase::Starting);
    QTest::newRow("no configuration") << static_cast<int>(ui::Phase::NoConfiguration);
    QTest::newRow("bad configuration") << static_cast<int>(ui::Phase::BadConfiguration);
    QTest::newRow("failed") << static_cast<int>(ui::Phase::Failed);
    QTest::newRow("gone") << static_cast<int>(ui::Phase::Gone);
    QTest::newRow("stopping") << static_cast<int>(ui::Phase::Stopping);
    QTest::newRow("recording, nothing heard yet") << static_cast<int>(ui::Phase::Recording);
}

void TestUiText::headline_withoutStatus_neverSaysProtected() {
    QFETCH(int, phase);
    ui::EngineView view;
    view.phase = static_cast<ui::Phase>(phase);
    view.error = engine::Error{engine::ErrorCode::Io, "no"};
    const ui::Headline headline = ui::headlineOf(view, kNow);
    QVERIFY(!headline.sentence.isEmpty());
    QVERIFY(headline.state != ProtectionState::Protected);
    // The same with what was known before: it says nothing about now.
    if (view.phase != ui::Phase::Recording) {
        view.status =
            sample::view({sample::database("notes", ProtectionState::Protected, 1)}).status;
        QVERIFY(ui::headlineOf(view, kNow).state != ProtectionState::Protected);
    }
}

void TestUiText::stateLine_everyState_saysWhy_data() {
    QTest::addColumn<int>("state");
    QTest::addColumn<QString>("line");
    const auto row = [](ProtectionState state, const QString& line) {
        QTest::newRow(qPrintable(ui::stateText(state))) << static_cast<int>(state) << line;
    };
    row(ProtectionState::Protected, QStringLiteral("newest change stored 12 s ago"));
    row(ProtectionState::CatchingUp, QStringLiteral("copying 3.1\u00a0MB · 8 s behind"));
    row(ProtectionState::FallingBehind, QStringLiteral("8 s behind on disk"));
    row(ProtectionState::Waiting, QStringLiteral("disk can't be reached · next try in 40 s"));
    row(ProtectionState::Paused, QStringLiteral("recording goes on · 3.1\u00a0MB waiting"));
    row(ProtectionState::NeedsAttention, QStringLiteral("disk: the folder is not there"));
    row(ProtectionState::NotProtected, QStringLiteral("first snapshot 43 %"));
    row(ProtectionState::Restoring, QStringLiteral("copying is held meanwhile"));
    row(ProtectionState::Unknown, QStringLiteral("we can't tell: the recorder isn't answering"));
}

void TestUiText::stateLine_everyState_saysWhy() {
    QFETCH(int, state);
    QFETCH(QString, line);
    const auto shown = static_cast<ProtectionState>(state);
    engine::DatabaseStatus database = sample::database("notes", shown, 1, 8'000);
    database.pendingBytes = 3'250'000;
    database.snapshot = engine::SnapshotProgress{43, 100};
    database.replicas[0].lastError =
        shown == ProtectionState::NeedsAttention ? "the folder is not there" : "";
    database.replicas[0].retryAt = kNow.plus(40'000);
    QCOMPARE(ui::stateLine(database, shown, kNow), line);
}

void TestUiText::banners_worstFirst_withAWayOut() {
    engine::DatabaseStatus bad = sample::database("notes", ProtectionState::NeedsAttention, 1);
    bad.waiting = "gone";
    ui::EngineView view = sample::view({bad}, ui::Phase::Attached);
    auto status = std::make_shared<engine::EngineStatus>(*view.status);
    status->paused = true;
    status->configError = "databases[0].retension: unknown key";
    view.status = status;
    const QList<ui::BannerText> banners = ui::bannersOf(view, kNow);
    QCOMPARE(banners.size(), 4);
    QCOMPARE(banners[0].action, ui::BannerAction::ShowDatabase);
    QCOMPARE(banners[0].text, QStringLiteral("the file is gone; its history is safe."));
    QCOMPARE(banners[1].action, ui::BannerAction::OpenConfiguration);
    QCOMPARE(banners[2].action, ui::BannerAction::Resume);
    QCOMPARE(banners[3].title, QStringLiteral("Another program records these databases."));
    QVERIFY(banners[3].text.contains(QStringLiteral("4711")));
}

void TestUiText::banners_badConfiguration_showTheEnginesWords() {
    ui::EngineView view;
    view.phase = ui::Phase::BadConfiguration;
    view.error =
        engine::Error{engine::ErrorCode::InvalidArgument, "replicas[0].type: no such type"};
    const QList<ui::BannerText> banners = ui::bannersOf(view, kNow);
    QCOMPARE(banners.size(), 1);
    QVERIFY(banners[0].text.contains(QStringLiteral("no such type")));
    QCOMPARE(banners[0].action, ui::BannerAction::OpenConfiguration);
}

void TestUiText::replicas_partlyBehind_areCounted() {
    engine::DatabaseStatus database = sample::database("notes", ProtectionState::Protected, 1);
    database.replicas = {sample::replica("disk", ProtectionState::Protected),
                         sample::replica("NAS", ProtectionState::CatchingUp)};
    QCOMPARE(ui::replicasText(database), QStringLiteral("disk, NAS"));
    database.replicas[1].state = ProtectionState::Waiting;
    QCOMPARE(ui::replicasText(database), QStringLiteral("1 of 2: disk"));
    database.replicas[0].state = ProtectionState::NeedsAttention;
    QCOMPARE(ui::replicasText(database), QStringLiteral("0 of 2"));
    database.replicas.clear();
    QCOMPARE(ui::replicasText(database), QStringLiteral("none"));
}

void TestUiText::queue_pendingBytes_areSaid() {
    engine::DatabaseStatus database = sample::database("notes", ProtectionState::Protected, 1);
    QCOMPARE(ui::queueText(sample::view({database})), QStringLiteral("Every change is stored"));
    database.pendingBytes = 2048;
    QCOMPARE(ui::queueText(sample::view({database})),
             QStringLiteral("2.0\u00a0KB wait to be stored"));
    database.pendingBytes = 0;
    database.lagMs.reset();
    QCOMPARE(ui::queueText(sample::view({database})), QString());
}

void TestUiText::sizes_areShort_data() {
    QTest::addColumn<qulonglong>("bytes");
    QTest::addColumn<QString>("text");
    QTest::newRow("0") << 0ULL << QStringLiteral("0 bytes");
    QTest::newRow("1") << 1ULL << QStringLiteral("1 byte");
    QTest::newRow("1023") << 1023ULL << QStringLiteral("1,023 bytes");
    QTest::newRow("1 KB") << 1024ULL << QStringLiteral("1.0\u00a0KB");
    QTest::newRow("just below a MB") << 1'048'000ULL << QStringLiteral("1.0\u00a0MB");
    QTest::newRow("84 MB") << 84ULL * 1024 * 1024 << QStringLiteral("84\u00a0MB");
    QTest::newRow("1 TB") << (1ULL << 40) << QStringLiteral("1.0\u00a0TB");
    QTest::newRow("all") << ~0ULL << QStringLiteral("16,384\u00a0PB");
}

void TestUiText::sizes_areShort() {
    QFETCH(qulonglong, bytes);
    QTEST(ui::sizeText(bytes), "text");
}

void TestUiText::durations_areShort_data() {
    QTest::addColumn<qlonglong>("ms");
    QTest::addColumn<QString>("text");
    QTest::newRow("none") << 0LL << QStringLiteral("0 s");
    QTest::newRow("a clock that was set back") << -5000LL << QStringLiteral("0 s");
    QTest::newRow("59.9 s") << 59'999LL << QStringLiteral("59 s");
    QTest::newRow("6 min") << 6 * 60'000LL << QStringLiteral("6 min");
    QTest::newRow("a day is 24 h") << 24 * 3'600'000LL << QStringLiteral("24 h");
    QTest::newRow("3 days") << 3 * 86'400'000LL << QStringLiteral("3 days");
}

void TestUiText::durations_areShort() {
    QFETCH(qlonglong, ms);
    QTEST(ui::durationText(ms), "text");
}

void TestUiText::share_nearlyAll_isNotRoundedToAll() {
    QCOMPARE(ui::shareText(0.9999), QStringLiteral("99.9 %"));
    QCOMPARE(ui::shareText(1.0), QStringLiteral("100 %"));
    QCOMPARE(ui::shareText(0.0), QStringLiteral("0.0 %"));
}

void TestUiText::moment_dayAndYear_asFarAsNeeded() {
    // TZ=UTC in the tests.
    QCOMPARE(ui::momentText(kNow, kNow), QStringLiteral("today 14:02:11"));
    QCOMPARE(ui::momentText(kNow.plus(-86'400'000), kNow), QStringLiteral("yesterday 14:02:11"));
    QCOMPARE(ui::momentText(kNow.plus(-5 * 86'400'000LL), kNow), QStringLiteral("9 Jun 14:02:11"));
    QCOMPARE(ui::momentText(kNow.plus(-365 * 86'400'000LL), kNow),
             QStringLiteral("14 Jun 2025 14:02:11"));
    QCOMPARE(ui::changeText(engine::TxId{1041}), QStringLiteral("#1,041"));
    QCOMPARE(ui::generationText(engine::GenerationId{0x9f3c4a0100000001}),
             QStringLiteral("9f3c4a01"));
}

void TestUiText::sentences_effectAndFix_followTheCause() {
    engine::Error error{engine::ErrorCode::NoSpace, "the disk is full"};
    error.effect = "changes wait on this computer";
    QCOMPARE(ui::sentencesOf(error),
             QStringLiteral("The disk is full. Changes wait on this computer. Make room, or choose "
                            "another place."));
    error.fix = "delete something.";
    QVERIFY(ui::sentencesOf(error).endsWith(QStringLiteral("Delete something.")));
    QCOMPARE(ui::asSentence(QStringLiteral("/x is gone")), QStringLiteral("/x is gone."));
    QCOMPARE(ui::asSentence(QString()), QString());
}

void TestUiText::fileName_momentAndSuffix_areLegal_data() {
    QTest::addColumn<QString>("database");
    QTest::addColumn<QString>("source");
    QTest::addColumn<QString>("name");
    const QString stamp = QStringLiteral(" (14 Jun 14.02.11)");
    QTest::newRow("a db") << QStringLiteral("trilium") << QStringLiteral("/x/document.db")
                          << QString(QStringLiteral("trilium") + stamp + QStringLiteral(".db"));
    QTest::newRow("its own suffix")
        << QStringLiteral("anki") << QStringLiteral("/x/collection.anki2")
        << QString(QStringLiteral("anki") + stamp + QStringLiteral(".anki2"));
    QTest::newRow("none") << QStringLiteral("web") << QStringLiteral("/x/History")
                          << QString(QStringLiteral("web") + stamp + QStringLiteral(".db"));
    QTest::newRow("a name that is a path")
        << QStringLiteral("../a/b:c") << QStringLiteral("/x/a.db")
        << QString(QStringLiteral("-a-b-c") + stamp + QStringLiteral(".db"));
    QTest::newRow("hidden") << QStringLiteral(".x") << QStringLiteral("a.sqlite")
                            << QString(QStringLiteral("x") + stamp + QStringLiteral(".sqlite"));
}

void TestUiText::fileName_momentAndSuffix_areLegal() {
    QFETCH(QString, database);
    QFETCH(QString, source);
    QTEST(ui::proposedFileName(database, source, kNow), "name");
}

void TestUiText::fileName_taken_countsUp_data() {
    QTest::addColumn<QString>("taken");
    QTest::addColumn<QString>("next");
    QTest::newRow("first") << QStringLiteral("/x y/a (14 Jun 14.02.11).db")
                           << QStringLiteral("/x y/a (14 Jun 14.02.11) 2.db");
    QTest::newRow("second") << QStringLiteral("/x/a 2.db") << QStringLiteral("/x/a 3.db");
    QTest::newRow("no suffix") << QStringLiteral("/x.y/a") << QStringLiteral("/x.y/a 2");
    QTest::newRow("a year is a number like another")
        << QStringLiteral("/x/a 2026.db") << QStringLiteral("/x/a 2027.db");
}

void TestUiText::fileName_taken_countsUp() {
    QFETCH(QString, taken);
    QTEST(ui::nextFileName(taken), "next");
}

void TestUiText::goTo_whatPeopleType_isUnderstood_data() {
    QTest::addColumn<QString>("typed");
    QTest::addColumn<QString>("meant");  // "#N", RFC 3339, or empty
    QTest::newRow("number with sign") << QStringLiteral("#1042") << QStringLiteral("#1042");
    QTest::newRow("number") << QStringLiteral(" 1042 ") << QStringLiteral("#1042");
    QTest::newRow("number as shown") << QStringLiteral("#1,041") << QStringLiteral("#1041");
    QTest::newRow("time of day means all of the minute")
        << QStringLiteral("13:05") << QStringLiteral("2026-06-14T13:05:59.999Z");
    QTest::newRow("with seconds") << QStringLiteral("13:05:30")
                                  << QStringLiteral("2026-06-14T13:05:30.999Z");
    QTest::newRow("still to come is yesterday's")
        << QStringLiteral("18:00") << QStringLiteral("2026-06-13T18:00:59.999Z");
    QTest::newRow("this very minute")
        << QStringLiteral("14:02") << QStringLiteral("2026-06-14T14:02:59.999Z");
    QTest::newRow("yesterday 9am")
        << QStringLiteral("yesterday 9am") << QStringLiteral("2026-06-13T09:00:59.999Z");
    QTest::newRow("Yesterday is its end")
        << QStringLiteral("Yesterday") << QStringLiteral("2026-06-13T23:59:59.999Z");
    QTest::newRow("today 8:15") << QStringLiteral("today 8:15")
                                << QStringLiteral("2026-06-14T08:15:59.999Z");
    QTest::newRow("iso") << QStringLiteral("2026-06-12 09:01")
                         << QStringLiteral("2026-06-12T09:01:59.999Z");
    QTest::newRow("as shown") << QStringLiteral("12 Jun 09:01:44")
                              << QStringLiteral("2026-06-12T09:01:44.999Z");
    QTest::newRow("a day still to come is last year's")
        << QStringLiteral("20 Dec") << QStringLiteral("2025-12-20T23:59:59.999Z");
    QTest::newRow("nothing") << QStringLiteral("  ") << QString();
    QTest::newRow("half a word") << QStringLiteral("yest") << QString();
    QTest::newRow("no such time") << QStringLiteral("25:00") << QString();
    QTest::newRow("minus") << QStringLiteral("-5") << QString();
    QTest::newRow("too long") << QString(200, u'1') << QString();
}

void TestUiText::goTo_whatPeopleType_isUnderstood() {
    QFETCH(QString, typed);
    QFETCH(QString, meant);
    const std::optional<ui::GoTo> got = ui::parseGoTo(typed, kNow);
    QString text;
    if (got && got->tx) {
        text = u'#' + QString::number(got->tx->value);
    } else if (got && got->moment) {
        text = ui::toQString(engine::toRfc3339(*got->moment));
    }
    QCOMPARE(text, meant);
}

void TestUiText::findPoint_momentAndNumber_pickTheOneAtOrBefore() {
    std::vector<engine::TimelinePoint> points;
    const auto add = [&](std::uint64_t generation, std::uint64_t tx, std::int64_t ms) {
        engine::TimelinePoint point;
        point.point = {engine::GenerationId{generation}, engine::TxId{tx}};
        point.time = Time{ms};
        points.push_back(point);
    };
    add(1, 1, 1000);
    add(1, 2, 2000);
    add(2, 1, 3000);
    add(2, 2, 4000);
    const auto at = [&](std::int64_t ms) {
        return ui::findPoint(points, {std::nullopt, Time{ms}});
    };
    QCOMPARE(at(999).has_value(), false);
    QCOMPARE(at(1000), std::optional<std::size_t>(0));
    QCOMPARE(at(3999), std::optional<std::size_t>(2));
    QCOMPARE(at(99999), std::optional<std::size_t>(3));
    // A number that two generations have means the newer one's.
    QCOMPARE(ui::findPoint(points, {engine::TxId{2}, std::nullopt}), std::optional<std::size_t>(3));
    QCOMPARE(ui::findPoint(points, {engine::TxId{9}, std::nullopt}).has_value(), false);
}

QTEST_GUILESS_MAIN(TestUiText)
#include "tst_ui_text.moc"
