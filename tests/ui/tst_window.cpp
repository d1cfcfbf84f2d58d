// SPDX-License-Identifier: Apache-2.0
// The real window over a real engine: a database that another process writes, a folder replica,
// mouse and keyboard as a person has them.
#include <QAbstractItemView>
#include <QAccessible>
#include <QApplication>
#include <QDirIterator>
#include <QFile>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QtTest>

#include "engine/api/program.h"

#include "tests/ui/household.h"
#include "tests/ui/running_window.h"
#include "ui/models/database_model.h"
#include "ui/models/timeline_model.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/look.h"
#include "ui/wizard/notice.h"
#include "ui/wizard/protect_dialog.h"
#include "ui/wizard/restore_dialog.h"

using engine::ProtectionState;
using ui::DatabaseModel;

namespace {

QByteArray contentsOf(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void click(QWidget* button) {
    QTest::mouseClick(button, Qt::LeftButton);
}

}  // namespace

class TestWindow final : public QObject {
    Q_OBJECT

private slots:
    void initTestCase();
    void window_realEngine_showsProtectedAndEachCommit();
    void restore_chosenPoint_isThatFile();
    void restore_damagedChange_offersTheNearestMoment();
    void restore_withKeyboardOnly_works();
    void restore_takenName_offersAnother();
    void window_withoutConfiguration_protectsAFirstDatabase();
    void window_badConfiguration_isToldAndMended();
    void window_otherEngine_isLookedAt();
    void window_askedToStop_letsTheFolderGo();
    void window_sourceGone_needsAttention();
    void window_pause_holdsUploads();
    void accessibility_everyControl_hasAName();
};

void TestWindow::initTestCase() {
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom));
    ui::setCalmLook(false);
}

namespace {

/// One database with a table, protected by one folder.
struct OneDatabase {
    Household home;
    WriterProcess app;

    OneDatabase()
        : app(home.path(QStringLiteral("notes.db"))) {
        app.ok("PRAGMA journal_mode=WAL");
        app.ok("CREATE TABLE notes(id INTEGER PRIMARY KEY, text TEXT)");
        app.ok("INSERT INTO notes(text) VALUES('first')");
        home.addReplica(QStringLiteral("disk"), QStringLiteral("copies"));
        home.addDatabase(
            QStringLiteral("notes"), QStringLiteral("notes.db"), {QStringLiteral("disk")});
        home.writeConfig();
    }

    void commit(const QByteArray& text) {
        app.ok("INSERT INTO notes(text) VALUES('" + text + "')");
    }

    QByteArray image(const QString& name) {
        const QString path = home.path(name);
        app.ok(".image " + path.toUtf8());
        return contentsOf(path);
    }
};

/// Commits once and waits until the window says that it is recorded and stored.
void commitAndSee(OneDatabase& one, const RunningWindow& running, const QByteArray& text) {
    const QString before = running.cell(0, DatabaseModel::Change);
    one.commit(text);
    QTRY_VERIFY_WITH_TIMEOUT(running.cell(0, DatabaseModel::Change) != before, kSoonMs);
    QTRY_VERIFY_WITH_TIMEOUT(running.isProtected(0), kSoonMs);
}

QPushButton* nextOf(const ui::RestoreDialog& dialog) {
    return dialog.findChild<QPushButton*>(QStringLiteral("next"));
}

}  // namespace

void TestWindow::window_realEngine_showsProtectedAndEachCommit() {
    OneDatabase one;
    RunningWindow running(one.home.options());
    QTRY_COMPARE_WITH_TIMEOUT(running.rows().rowCount(), 1, kSoonMs);
    QTRY_VERIFY_WITH_TIMEOUT(running.isProtected(0), kSoonMs);
    QTRY_COMPARE(running.sentence(), QStringLiteral("Your database is protected"));
    QCOMPARE(running.cell(0, DatabaseModel::Name), QStringLiteral("notes"));
    QCOMPARE(running.cell(0, DatabaseModel::Replicas), QStringLiteral("disk"));
    for (int i = 0; i < 3; ++i) {
        commitAndSee(one, running, "again");
        if (QTest::currentTestFailed()) {
            return;
        }
    }
    // One transaction is one change.
    QVERIFY(running.bridge.view().status->databases[0].commitsAlone >= 3);
}

void TestWindow::restore_chosenPoint_isThatFile() {
    OneDatabase one;
    RunningWindow running(one.home.options());
    QTRY_COMPARE_WITH_TIMEOUT(running.rows().rowCount(), 1, kSoonMs);
    QTRY_VERIFY_WITH_TIMEOUT(running.isProtected(0), kSoonMs);
    commitAndSee(one, running, "the one to go back to");
    const QString wanted = running.cell(0, DatabaseModel::Change);
    const QByteArray expected = one.image(QStringLiteral("then.db"));
    commitAndSee(one, running, "a mistake");
    commitAndSee(one, running, "another");
    if (QTest::currentTestFailed()) {
        return;
    }

    QPointer<ui::RestoreDialog> dialog = running.openRestore();
    QVERIFY(dialog != nullptr);
    auto* timeline = dialog->findChild<QAbstractItemView*>(QStringLiteral("timeline"));
    QTRY_VERIFY_WITH_TIMEOUT(timeline->model()->rowCount() >= 4, kSoonMs);
    auto* goTo = dialog->findChild<QLineEdit*>(QStringLiteral("goTo"));
    QTest::keyClicks(goTo, wanted);
    QVERIFY(dialog->findChild<QRadioButton*>(QStringLiteral("earlier"))->isChecked());
    QCOMPARE(timeline->currentIndex().siblingAtColumn(ui::TimelineModel::Change).data().toString(),
             wanted);
    QTRY_VERIFY(nextOf(*dialog)->isEnabled());
    click(nextOf(*dialog));  // Where
    const QString target = one.home.path(QStringLiteral("back.db"));
    auto* path = dialog->findChild<QLineEdit*>(QStringLiteral("targetPath"));
    QVERIFY(path->text().contains(QStringLiteral("notes (")) &&
            path->text().endsWith(QStringLiteral(").db")));
    path->setText(target);
    QTRY_VERIFY(nextOf(*dialog)->isEnabled());
    click(nextOf(*dialog));  // Review
    QTRY_VERIFY_WITH_TIMEOUT(nextOf(*dialog)->isEnabled(), kSoonMs);
    QCOMPARE(nextOf(*dialog)->text(), QStringLiteral("Restore"));
    click(nextOf(*dialog));
    QTRY_VERIFY_WITH_TIMEOUT(
        nextOf(*dialog)->isVisible() && nextOf(*dialog)->text() == QStringLiteral("Done"), kSoonMs);
    QCOMPARE(contentsOf(target), expected);
    QVERIFY(!expected.isEmpty());
    click(nextOf(*dialog));
    QTRY_VERIFY(dialog.isNull());
    // The app and its database never noticed.
    QCOMPARE(one.app.ok("SELECT count(*) FROM notes"), QByteArray("4"));
}

/// A stored change disappears between the review and the restore.
void TestWindow::restore_damagedChange_offersTheNearestMoment() {
    OneDatabase one;
    RunningWindow running(one.home.options());
    QTRY_COMPARE_WITH_TIMEOUT(running.rows().rowCount(), 1, kSoonMs);
    QTRY_VERIFY_WITH_TIMEOUT(running.isProtected(0), kSoonMs);
    const QByteArray expected = one.image(QStringLiteral("then.db"));
    commitAndSee(one, running, "the one that gets lost");
    if (QTest::currentTestFailed()) {
        return;
    }
    QPointer<ui::RestoreDialog> dialog = running.openRestore();
    QVERIFY(dialog != nullptr);
    QTRY_VERIFY_WITH_TIMEOUT(nextOf(*dialog)->isEnabled(), kSoonMs);
    click(nextOf(*dialog));  // Where
    const QString target = one.home.path(QStringLiteral("back.db"));
    dialog->findChild<QLineEdit*>(QStringLiteral("targetPath"))->setText(target);
    QTRY_VERIFY(nextOf(*dialog)->isEnabled());
    click(nextOf(*dialog));  // Review
    QTRY_VERIFY_WITH_TIMEOUT(nextOf(*dialog)->isEnabled(), kSoonMs);
    QStringList segments;
    QDirIterator stored(one.home.path(QStringLiteral("copies")),
                        {QStringLiteral("*.seg.*")},
                        QDir::Files,
                        QDirIterator::Subdirectories);
    while (stored.hasNext()) {
        segments.append(stored.next());
    }
    QVERIFY(!segments.isEmpty());
    segments.sort();
    QVERIFY(QFile::remove(segments.last()));
    click(nextOf(*dialog));
    const auto useOther = [&dialog]() -> QPushButton* {
        for (QPushButton* button : dialog->findChildren<QPushButton*>()) {
            if (button->isVisible() && button->text().startsWith(QStringLiteral("Use "))) {
                return button;
            }
        }
        return nullptr;
    };
    QTRY_VERIFY_WITH_TIMEOUT(useOther() != nullptr, kSoonMs);
    QVERIFY(!QFile::exists(target));
    click(useOther());
    QTRY_VERIFY_WITH_TIMEOUT(
        nextOf(*dialog)->isEnabled() && nextOf(*dialog)->text() == QStringLiteral("Restore"),
        kSoonMs);
    click(nextOf(*dialog));
    QTRY_VERIFY_WITH_TIMEOUT(
        nextOf(*dialog)->isVisible() && nextOf(*dialog)->text() == QStringLiteral("Done"), kSoonMs);
    QCOMPARE(contentsOf(target), expected);
}

void TestWindow::restore_withKeyboardOnly_works() {
    OneDatabase one;
    RunningWindow running(one.home.options());
    QTRY_COMPARE_WITH_TIMEOUT(running.rows().rowCount(), 1, kSoonMs);
    QTRY_VERIFY_WITH_TIMEOUT(running.isProtected(0), kSoonMs);
    const QByteArray expected = one.image(QStringLiteral("then.db"));
    QApplication::setActiveWindow(&running.window);
    running.table().setFocus();
    QTest::keyClick(&running.window, Qt::Key_R, Qt::ControlModifier);
    QPointer<ui::RestoreDialog> dialog = running.child<ui::RestoreDialog>("restoreDialog");
    QVERIFY(dialog != nullptr);
    auto* timeline = dialog->findChild<QAbstractItemView*>(QStringLiteral("timeline"));
    QTRY_VERIFY_WITH_TIMEOUT(timeline->model()->rowCount() > 0, kSoonMs);
    QTRY_VERIFY(nextOf(*dialog)->isEnabled());
    QTest::keyClick(dialog, Qt::Key_Return);
    auto* path = dialog->findChild<QLineEdit*>(QStringLiteral("targetPath"));
    QVERIFY(path->isVisible());
    const QString target = one.home.path(QStringLiteral("back.db"));
    QApplication::setActiveWindow(dialog);
    path->selectAll();
    QTest::keyClicks(path, target);
    QTRY_VERIFY(nextOf(*dialog)->isEnabled());
    QTest::keyClick(dialog, Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(nextOf(*dialog)->isEnabled(), kSoonMs);
    QTest::keyClick(dialog, Qt::Key_Return);
    QTRY_COMPARE_WITH_TIMEOUT(nextOf(*dialog)->text(), QStringLiteral("Done"), kSoonMs);
    QTRY_VERIFY_WITH_TIMEOUT(nextOf(*dialog)->isVisible(), kSoonMs);
    QCOMPARE(contentsOf(target), expected);
    QTest::keyClick(dialog, Qt::Key_Escape);
    QTRY_VERIFY(dialog.isNull());
}

void TestWindow::restore_takenName_offersAnother() {
    OneDatabase one;
    RunningWindow running(one.home.options());
    QTRY_COMPARE_WITH_TIMEOUT(running.rows().rowCount(), 1, kSoonMs);
    QTRY_VERIFY_WITH_TIMEOUT(running.isProtected(0), kSoonMs);
    QPointer<ui::RestoreDialog> dialog = running.openRestore();
    QTRY_VERIFY_WITH_TIMEOUT(nextOf(*dialog)->isEnabled(), kSoonMs);
    click(nextOf(*dialog));
    auto* path = dialog->findChild<QLineEdit*>(QStringLiteral("targetPath"));
    path->setText(one.home.path(QStringLiteral("notes.db")));
    const auto offer = [&]() -> QPushButton* {
        for (QPushButton* button : dialog->findChildren<QPushButton*>()) {
            if (button->text() == QStringLiteral("Use “notes 2.db”") && button->isVisible()) {
                return button;
            }
        }
        return nullptr;
    };
    QTRY_VERIFY(offer() != nullptr);
    QVERIFY(!nextOf(*dialog)->isEnabled());
    click(offer());
    QTRY_VERIFY(nextOf(*dialog)->isEnabled());
    QVERIFY(path->text().endsWith(QStringLiteral("notes 2.db")));
    click(dialog->findChild<QPushButton*>(QStringLiteral("cancel")));
    QTRY_VERIFY(dialog.isNull());
    QVERIFY(!QFile::exists(one.home.path(QStringLiteral("notes 2.db"))));
}

void TestWindow::window_withoutConfiguration_protectsAFirstDatabase() {
    Household home;
    WriterProcess app(home.path(QStringLiteral("notes.db")));
    app.ok("PRAGMA journal_mode=WAL");
    app.ok("CREATE TABLE notes(id INTEGER PRIMARY KEY, text TEXT)");
    RunningWindow running(home.options());
    QTRY_COMPARE(running.sentence(), QStringLiteral("Nothing is protected yet"));
    auto* protect = running.child<QPushButton>("protect");
    QTRY_VERIFY(protect->isVisible());
    click(protect);
    QPointer<ui::ProtectDialog> dialog = running.child<ui::ProtectDialog>("protectDialog");
    auto* accept = dialog->findChild<QPushButton*>(QStringLiteral("accept"));
    QVERIFY(!accept->isEnabled());
    dialog->findChild<QLineEdit*>(QStringLiteral("replicaFolder"))
        ->setText(home.path(QStringLiteral("copies")));
    auto* file = dialog->findChild<QLineEdit*>(QStringLiteral("databasePath"));
    file->setText(home.configPath());
    QTest::qWait(600);
    QVERIFY(!accept->isEnabled());  // there is no such file, and it is no database
    file->setText(home.path(QStringLiteral("notes.db")));
    QTRY_VERIFY_WITH_TIMEOUT(accept->isEnabled(), kSoonMs);
    QCOMPARE(dialog->findChild<QLineEdit*>(QStringLiteral("databaseName"))->text(),
             QStringLiteral("notes"));
    click(accept);
    QTRY_VERIFY_WITH_TIMEOUT(dialog.isNull(), kSoonMs);
    QTRY_COMPARE_WITH_TIMEOUT(running.rows().rowCount(), 1, kSoonMs);
    QTRY_VERIFY_WITH_TIMEOUT(running.isProtected(0), kSoonMs);
    QCOMPARE(running.cell(0, DatabaseModel::Replicas), QStringLiteral("copies"));
}

void TestWindow::window_badConfiguration_isToldAndMended() {
    OneDatabase one;
    one.home.write("{\"version\": 1, \"databasses\": []}");
    RunningWindow running(one.home.options());
    QTRY_COMPARE(running.bridge.view().phase, ui::Phase::BadConfiguration);
    QCOMPARE(running.sentence(), QStringLiteral("Nothing is being recorded"));
    const auto banners = running.window.findChildren<ui::Banner*>();
    QCOMPARE(banners.size(), 1);
    QVERIFY(banners[0]->text().text.contains(QStringLiteral("databasses")));
    one.home.writeConfig();
    QTRY_COMPARE_WITH_TIMEOUT(running.rows().rowCount(), 1, kSoonMs);
    QTRY_VERIFY_WITH_TIMEOUT(running.isProtected(0), kSoonMs);
}

void TestWindow::window_otherEngine_isLookedAt() {
    OneDatabase one;
    RunningWindow recorder(one.home.options());
    QTRY_COMPARE_WITH_TIMEOUT(recorder.rows().rowCount(), 1, kSoonMs);
    QTRY_VERIFY_WITH_TIMEOUT(recorder.isProtected(0), kSoonMs);
    RunningWindow looker(one.home.options());
    QTRY_COMPARE_WITH_TIMEOUT(looker.bridge.view().phase, ui::Phase::Attached, kSoonMs);
    QTRY_COMPARE_WITH_TIMEOUT(looker.rows().rowCount(), 1, kSoonMs);
    for (int column = 0; column < DatabaseModel::ColumnCount; ++column) {
        QCOMPARE(looker.cell(0, column), recorder.cell(0, column));
    }
    commitAndSee(one, looker, "seen from afar");
    looker.bridge.pause({});
    QTRY_VERIFY_WITH_TIMEOUT(recorder.bridge.view().status->paused, kSoonMs);
    looker.bridge.resume();
    QTRY_VERIFY_WITH_TIMEOUT(!recorder.bridge.view().status->paused, kSoonMs);
    // The recorder ends: nothing is claimed any more, and this window can take over.
    recorder.bridge.shutDown();
    QTRY_COMPARE_WITH_TIMEOUT(looker.bridge.view().phase, ui::Phase::Gone, kSoonMs);
    QCOMPARE(looker.sentence(), QStringLiteral("We can't tell right now"));
    QCOMPARE(looker.cell(0, DatabaseModel::State), QStringLiteral("Unknown"));
    looker.bridge.reopen();
    QTRY_COMPARE_WITH_TIMEOUT(looker.bridge.view().phase, ui::Phase::Recording, kSoonMs);
    QTRY_VERIFY_WITH_TIMEOUT(looker.isProtected(0), kSoonMs);
}

/// Another program takes over.
void TestWindow::window_askedToStop_letsTheFolderGo() {
    OneDatabase one;
    RunningWindow running(one.home.options());
    QTRY_COMPARE_WITH_TIMEOUT(running.rows().rowCount(), 1, kSoonMs);
    const auto reply = engine::askRunningEngine(one.home.options().stateDir,
                                                "{\"version\":1,\"request\":\"stop\"}");
    QVERIFY(reply.ok() && engine::statusOfReply(reply.value()).ok());
    QTRY_VERIFY_WITH_TIMEOUT(running.bridge.view().phase == ui::Phase::Gone, kSoonMs);
    QVERIFY(running.bridge.view().error->message.find("asked") != std::string::npos);
    QVERIFY(engine::Engine::open(one.home.options()).ok());
}

void TestWindow::window_sourceGone_needsAttention() {
    OneDatabase one;
    RunningWindow running(one.home.options());
    QTRY_COMPARE_WITH_TIMEOUT(running.rows().rowCount(), 1, kSoonMs);
    QTRY_VERIFY_WITH_TIMEOUT(running.isProtected(0), kSoonMs);
    for (const char* suffix : {"", "-wal", "-shm"}) {
        QFile::remove(one.home.path(QStringLiteral("notes.db")) + QString::fromLatin1(suffix));
    }
    QTRY_COMPARE_WITH_TIMEOUT(
        running.sentence(), QStringLiteral("1 database needs attention"), kSoonMs);
    QCOMPARE(running.cell(0, DatabaseModel::State), QStringLiteral("Needs attention"));
    // Its history can still be restored.
    QVERIFY(running.child<QPushButton>("restore")->isEnabled());
}

void TestWindow::window_pause_holdsUploads() {
    OneDatabase one;
    RunningWindow running(one.home.options());
    QTRY_COMPARE_WITH_TIMEOUT(running.rows().rowCount(), 1, kSoonMs);
    QTRY_VERIFY_WITH_TIMEOUT(running.isProtected(0), kSoonMs);
    running.bridge.pause({});
    QTRY_COMPARE_WITH_TIMEOUT(running.sentence(), QStringLiteral("Uploads are paused"), kSoonMs);
    const QString before = running.cell(0, DatabaseModel::Change);
    one.commit("while paused");
    QTRY_VERIFY_WITH_TIMEOUT(running.cell(0, DatabaseModel::Change) != before, kSoonMs);
    QCOMPARE(running.cell(0, DatabaseModel::State), QStringLiteral("Paused"));
    auto* resume = running.child<QPushButton>("pause");
    QCOMPARE(resume->text(), QStringLiteral("Resume Uploads"));
    click(resume);
    QTRY_VERIFY_WITH_TIMEOUT(running.isProtected(0), kSoonMs);
}

void TestWindow::accessibility_everyControl_hasAName() {
    OneDatabase one;
    RunningWindow running(one.home.options());
    QTRY_COMPARE_WITH_TIMEOUT(running.rows().rowCount(), 1, kSoonMs);
    QTRY_VERIFY_WITH_TIMEOUT(running.isProtected(0), kSoonMs);
    ui::RestoreDialog* dialog = running.openRestore();
    QTRY_VERIFY_WITH_TIMEOUT(nextOf(*dialog)->isEnabled(), kSoonMs);
    QStringList nameless;
    for (QWidget* widget : running.window.findChildren<QWidget*>()) {
        if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible()) {
            continue;
        }
        const QAccessibleInterface* accessible = QAccessible::queryAccessibleInterface(widget);
        if (accessible == nullptr || accessible->text(QAccessible::Name).isEmpty()) {
            nameless.append(QString::fromLatin1(widget->metaObject()->className()) + u' ' +
                            widget->objectName());
        }
    }
    QCOMPARE(nameless.join(QStringLiteral(", ")), QString());
}

QTEST_MAIN(TestWindow)
#include "tst_window.moc"
