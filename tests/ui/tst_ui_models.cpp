// SPDX-License-Identifier: Apache-2.0
// The models: what they tell their views about what changed, checked by Qt's own tester too.
#include <algorithm>
#include <random>

#include <QAbstractItemModelTester>
#include <QElapsedTimer>
#include <QPersistentModelIndex>
#include <QSignalSpy>
#include <QtTest>

#include "tests/ui/sample_status.h"
#include "ui/models/database_model.h"
#include "ui/models/timeline_model.h"

using engine::ProtectionState;
using sample::kNow;
using ui::DatabaseModel;
using ui::TimelineModel;

namespace {

std::vector<engine::TimelinePoint> manyPoints(std::size_t count) {
    std::vector<engine::TimelinePoint> points(count);
    for (std::size_t i = 0; i < count; ++i) {
        points[i].point = {engine::GenerationId{7}, engine::TxId{i + 1}};
        points[i].time = kNow.plus(static_cast<std::int64_t>(i) * 1000 - 500'000'000);
        points[i].kind = i % 100 == 0 ? engine::PointKind::CatchUp : engine::PointKind::Change;
        points[i].pages = 3;
    }
    return points;
}

}  // namespace

class TestUiModels final : public QObject {
    Q_OBJECT

private slots:
    void databases_valuesChange_rowsStay();
    void databases_nothingChanged_nothingIsTold();
    void databases_addedRemovedMoved_keepTheirRows();
    void databases_random_agreeWithTheStatus();
    void databases_sameIdTwice_isOneRow();
    void databases_staleView_showsUnknown();
    void databases_everyCell_hasAccessibleText();
    void timeline_newestFirst_andFoundByPoint();
    void timeline_hundredThousand_areTakenAtOnce();
    void timeline_takenTwice_showsTheSecond();
};

void TestUiModels::databases_valuesChange_rowsStay() {
    DatabaseModel model;
    const QAbstractItemModelTester tester(&model,
                                          QAbstractItemModelTester::FailureReportingMode::QtTest);
    auto a = sample::database("a", ProtectionState::Protected, 1);
    auto b = sample::database("b", ProtectionState::Protected, 2);
    auto c = sample::database("c", ProtectionState::Protected, 3);
    model.update(sample::view({a, b, c}), kNow);
    QCOMPARE(model.rowCount(), 3);
    const QPersistentModelIndex second = model.index(1, DatabaseModel::Change);
    QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
    QSignalSpy reset(&model, &QAbstractItemModel::modelReset);
    b.txId = engine::TxId{1042};
    c.txId = engine::TxId{77};
    model.update(sample::view({a, b, c}), kNow);
    QCOMPARE(second.data().toString(), QString(u'#' + QLocale().toString(1042)));
    // Two rows beside each other are one message.
    QCOMPARE(changed.size(), 1);
    QCOMPARE(changed[0][0].toModelIndex().row(), 1);
    QCOMPARE(changed[0][1].toModelIndex().row(), 2);
    QCOMPARE(reset.size(), 0);
}

void TestUiModels::databases_nothingChanged_nothingIsTold() {
    DatabaseModel model;
    const auto view = sample::view({sample::database("a", ProtectionState::Protected, 1)});
    model.update(view, kNow);
    QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
    model.update(view, kNow);
    QCOMPARE(changed.size(), 0);
}

void TestUiModels::databases_addedRemovedMoved_keepTheirRows() {
    DatabaseModel model;
    const QAbstractItemModelTester tester(&model,
                                          QAbstractItemModelTester::FailureReportingMode::QtTest);
    const auto a = sample::database("a", ProtectionState::Protected, 1);
    const auto b = sample::database("b", ProtectionState::Protected, 2);
    const auto c = sample::database("c", ProtectionState::Protected, 3);
    const auto d = sample::database("d", ProtectionState::Protected, 4);
    model.update(sample::view({a, b, c}), kNow);
    const QPersistentModelIndex ofA = model.index(0, 0);
    const QPersistentModelIndex ofB = model.index(1, 0);
    const QPersistentModelIndex ofC = model.index(2, 0);
    model.update(sample::view({d, c, a}), kNow);
    QCOMPARE(model.rowCount(), 3);
    QVERIFY(!ofB.isValid());
    QCOMPARE(ofC.row(), 1);
    QCOMPARE(ofA.row(), 2);
    QCOMPARE(ofA.data().toString(), QStringLiteral("a"));
    QCOMPARE(model.rowOf(engine::DatabaseId{4}), 0);
    QCOMPARE(model.rowOf(QStringLiteral("b")), -1);
    model.update(sample::view({}), kNow);
    QCOMPARE(model.rowCount(), 0);
    QVERIFY(model.database(0) == nullptr);
}

void TestUiModels::databases_random_agreeWithTheStatus() {
    constexpr unsigned kSeed = 20'260'614;
    std::mt19937 random(kSeed);
    DatabaseModel model;
    const QAbstractItemModelTester tester(&model,
                                          QAbstractItemModelTester::FailureReportingMode::QtTest);
    for (int round = 0; round < 200; ++round) {
        std::vector<engine::DatabaseStatus> databases;
        for (std::uint64_t id = 1; id <= 8; ++id) {
            if (random() % 3 != 0) {
                databases.push_back(sample::database(
                    "d" + std::to_string(id), static_cast<ProtectionState>(random() % 9), id));
                databases.back().txId.value = random() % 5;
            }
        }
        std::shuffle(databases.begin(), databases.end(), random);
        model.update(sample::view(databases), kNow);
        QCOMPARE(model.rowCount(), static_cast<int>(databases.size()));
        for (int row = 0; row < model.rowCount(); ++row) {
            const auto& wanted = databases[static_cast<std::size_t>(row)];
            QCOMPARE(model.index(row, 0).data().toString().toStdString(), wanted.name);
            QCOMPARE(model.index(row, 0).data(DatabaseModel::StateRole).toInt(),
                     static_cast<int>(wanted.state));
            QCOMPARE(
                model.index(row, DatabaseModel::Change).data(DatabaseModel::SortRole).toULongLong(),
                qulonglong{wanted.txId.value});
        }
    }
}

void TestUiModels::databases_sameIdTwice_isOneRow() {
    // Another process says what it likes over the socket.
    DatabaseModel model;
    const QAbstractItemModelTester tester(&model,
                                          QAbstractItemModelTester::FailureReportingMode::QtTest);
    const auto a = sample::database("a", ProtectionState::Protected, 1);
    const auto again = sample::database("again", ProtectionState::Protected, 1);
    const auto b = sample::database("b", ProtectionState::Protected, 2);
    model.update(sample::view({a, again, b}), kNow);
    model.update(sample::view({b, a, again}), kNow);
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(model.index(0, 0).data().toString(), QStringLiteral("b"));
}

void TestUiModels::databases_staleView_showsUnknown() {
    DatabaseModel model;
    const auto view = sample::view({sample::database("a", ProtectionState::Protected, 1)});
    model.update(view, kNow.plus(60'000));
    QCOMPARE(model.index(0, 0).data(DatabaseModel::StateRole).toInt(),
             static_cast<int>(ProtectionState::Unknown));
    QCOMPARE(model.index(0, DatabaseModel::Lag).data().toString(), QStringLiteral("–"));
}

void TestUiModels::databases_everyCell_hasAccessibleText() {
    DatabaseModel model;
    model.update(sample::view({sample::database("a", ProtectionState::FallingBehind, 1, 400'000)}),
                 kNow);
    for (int column = 0; column < model.columnCount(); ++column) {
        const QModelIndex index = model.index(0, column);
        QVERIFY(!index.data(Qt::AccessibleTextRole).toString().isEmpty());
        QVERIFY(!index.data(Qt::ToolTipRole).toString().isEmpty());
        QVERIFY(!model.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString().isEmpty());
    }
}

void TestUiModels::timeline_newestFirst_andFoundByPoint() {
    TimelineModel model;
    const QAbstractItemModelTester tester(&model,
                                          QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setPoints(manyPoints(50), kNow);
    QCOMPARE(model.rowCount(), 50);
    QCOMPARE(model.index(0, TimelineModel::Change).data().toString(), QStringLiteral("#50"));
    QCOMPARE(model.index(49, TimelineModel::Change).data().toString(), QStringLiteral("#1"));
    QCOMPARE(model.rowOf({engine::GenerationId{7}, engine::TxId{50}}), 0);
    QCOMPARE(model.rowOf({engine::GenerationId{7}, engine::TxId{51}}), -1);
    QVERIFY(model.point(50) == nullptr && model.point(-1) == nullptr);
    for (int column = 0; column < model.columnCount(); ++column) {
        QVERIFY(!model.index(3, column).data().toString().isEmpty());
        QVERIFY(!model.index(3, column).data(Qt::ToolTipRole).toString().isEmpty());
    }
}

void TestUiModels::timeline_hundredThousand_areTakenAtOnce() {
    std::vector<engine::TimelinePoint> points = manyPoints(100'000);
    TimelineModel model;
    QElapsedTimer timer;
    timer.start();
    model.setPoints(std::move(points), kNow);
    // What a view asks for is one page of cells, wherever it is.
    for (int row = 50'000; row < 50'060; ++row) {
        for (int column = 0; column < model.columnCount(); ++column) {
            QVERIFY(model.index(row, column).data().isValid());
        }
    }
    const qint64 elapsed = timer.elapsed();
    QVERIFY2(elapsed < 100, qPrintable(QStringLiteral("%1 ms").arg(elapsed)));
}

void TestUiModels::timeline_takenTwice_showsTheSecond() {
    TimelineModel model;
    const QAbstractItemModelTester tester(&model,
                                          QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setPoints(manyPoints(10), kNow);
    model.setPoints(manyPoints(3), kNow);
    QCOMPARE(model.rowCount(), 3);
    model.clear();
    QCOMPARE(model.rowCount(), 0);
}

QTEST_GUILESS_MAIN(TestUiModels)
#include "tst_ui_models.moc"
