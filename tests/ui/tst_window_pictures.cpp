// SPDX-License-Identifier: Apache-2.0
// Pictures of the real window over a real engine, light and dark, when STRANDLINE_SCREENSHOTS is
// set: to be looked at by a person. Without it, only that each page fits its window is checked.
#include <cmath>

#include <QApplication>
#include <QDialog>
#include <QDir>
#include <QLineEdit>
#include <QPainter>
#include <QPushButton>
#include <QRadioButton>
#include <QTableView>
#include <QtTest>

#include "tests/ui/household.h"
#include "tests/ui/running_window.h"
#include "ui/models/database_model.h"
#include "ui/widgets/look.h"
#include "ui/widgets/state_shape.h"
#include "ui/wizard/protect_dialog.h"
#include "ui/wizard/restore_dialog.h"

using ui::DatabaseModel;

namespace {

bool wanted() {
    return qEnvironmentVariableIsSet("STRANDLINE_SCREENSHOTS");
}

/// Saves it where pictures are wanted; the window must be no wider than it was made.
void picture(QWidget& window, const QString& name) {
    QCoreApplication::processEvents();
    const QImage image = window.grab().toImage();
    QVERIFY(!image.isNull());
    const QSize least = window.minimumSizeHint();
    QVERIFY2(
        least.width() <= window.width() && least.height() <= window.height(),
        qPrintable(
            QStringLiteral("%1 needs %2 x %3").arg(name).arg(least.width()).arg(least.height())));
    if (wanted()) {
        QDir().mkpath(QStringLiteral(SCREENSHOT_FOLDER));
        QVERIFY(
            image.save(QStringLiteral(SCREENSHOT_FOLDER) + u'/' + name + QStringLiteral(".png")));
    }
}

/// Three apps with some history, two places for the copies.
class ThreeApps {
public:
    Household home;

    ThreeApps() {
        qputenv("HOME", home.path(QString()).toUtf8());
        QDir().mkpath(home.path(QStringLiteral("Documents")));
        home.addReplica(QStringLiteral("Disk"), QStringLiteral("media/disk"));
        home.addReplica(QStringLiteral("NAS"), QStringLiteral("media/nas"));
        m_notes = app(QStringLiteral("Trilium Notes"),
                      QStringLiteral(".local/share/trilium-data/document.db"),
                      true,
                      QStringLiteral("wal"));
        m_books = app(QStringLiteral("Calibre Library"),
                      QStringLiteral("Books/metadata.db"),
                      false,
                      QStringLiteral("delete"));
        m_papers = app(QStringLiteral("Zotero"),
                       QStringLiteral("Zotero/zotero.sqlite"),
                       true,
                       QStringLiteral("wal"));
        home.writeConfig();
    }

    void commit() {
        for (const auto& app : {m_notes.get(), m_books.get(), m_papers.get()}) {
            app->ok("INSERT INTO t(x) VALUES(randomblob(400))");
        }
    }

    void loseBooks() { QFile::remove(home.path(QStringLiteral("Books/metadata.db"))); }

    QString lastChange() { return QString::fromUtf8(m_notes->ok("SELECT max(id) FROM t")); }

private:
    std::unique_ptr<WriterProcess> app(const QString& name,
                                       const QString& file,
                                       bool everywhere,
                                       const QString& journal) {
        QDir().mkpath(QFileInfo(home.path(file)).path());
        auto writer = std::make_unique<WriterProcess>(home.path(file));
        writer->ok("PRAGMA journal_mode=" + journal.toUtf8());
        writer->ok("CREATE TABLE t(id INTEGER PRIMARY KEY, x BLOB)");
        writer->ok(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<3000) "
            "INSERT INTO t(x) SELECT randomblob(300) FROM n");
        QStringList replicas = {QStringLiteral("Disk")};
        if (everywhere) {
            replicas.append(QStringLiteral("NAS"));
        }
        home.addDatabase(name, file, replicas);
        return writer;
    }

    std::unique_ptr<WriterProcess> m_notes, m_books, m_papers;
};

}  // namespace

class TestWindowPictures final : public QObject {
    Q_OBJECT

private slots:
    void init();
    void shapes_withoutColour_areToldApart();
    void radioButton_notChosen_isSeen_data();
    void radioButton_notChosen_isSeen();
    void pages_everyState_fit_data();
    void pages_everyState_fit();
};

void TestWindowPictures::init() {
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom));
}

void TestWindowPictures::shapes_withoutColour_areToldApart() {
    constexpr int kStates = 9;
    constexpr int kSide = 32;
    ui::Look look = ui::lookOf(ui::calmPalette(false));
    QImage sheet(kSide * kStates, kSide, QImage::Format_ARGB32);
    sheet.fill(look.card);
    QPainter painter(&sheet);
    for (int i = 0; i < kStates; ++i) {
        ui::paintStateShape(painter,
                            QRectF(i * kSide + 4, 4, kSide - 8, kSide - 8),
                            static_cast<engine::ProtectionState>(i),
                            look);
    }
    painter.end();
    const QImage ink = sheet.convertToFormat(QImage::Format_Grayscale8);
    const auto isInk = [&ink](int shape, int x, int y) {
        return qGray(ink.pixel(shape * kSide + x, y)) < 200;
    };
    for (int a = 0; a < kStates; ++a) {
        for (int b = a + 1; b < kStates; ++b) {
            int different = 0;
            for (int at = 0; at < kSide * kSide; ++at) {
                different += isInk(a, at % kSide, at / kSide) != isInk(b, at % kSide, at / kSide);
            }
            QVERIFY2(different > 30,
                     qPrintable(QStringLiteral("%1 and %2: %3").arg(a).arg(b).arg(different)));
        }
    }
    if (wanted()) {
        QDir().mkpath(QStringLiteral(SCREENSHOT_FOLDER));
        QVERIFY(sheet.scaled(sheet.size() * 3, Qt::KeepAspectRatio, Qt::SmoothTransformation)
                    .save(QStringLiteral(SCREENSHOT_FOLDER "/shapes.png")));
    }
}

void TestWindowPictures::radioButton_notChosen_isSeen_data() {
    QTest::addColumn<bool>("dark");
    QTest::newRow("light") << false;
    QTest::newRow("dark") << true;
}

void TestWindowPictures::radioButton_notChosen_isSeen() {
    QFETCH(bool, dark);
    ui::setCalmLook(dark);
    QRadioButton radio;
    radio.setChecked(false);
    radio.resize(radio.sizeHint());
    QImage image(radio.size(), QImage::Format_RGB32);
    const QColor page = radio.palette().color(QPalette::Window);
    image.fill(page);
    radio.render(&image);
    // The relative luminance and the contrast of WCAG 2; 3 is what a control's outline needs.
    const auto luminance = [](const QColor& color) {
        const auto linear = [](qreal part) {
            return part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
        };
        return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) +
               0.0722 * linear(color.blueF());
    };
    qreal best = 0;
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x) {
            const qreal a = luminance(image.pixelColor(x, y)) + 0.05;
            const qreal b = luminance(page) + 0.05;
            best = std::max(best, std::max(a, b) / std::min(a, b));
        }
    }
    QVERIFY2(best >= 3, qPrintable(QString::number(best)));
}

void TestWindowPictures::pages_everyState_fit_data() {
    QTest::addColumn<bool>("dark");
    QTest::newRow("light") << false;
    QTest::newRow("dark") << true;
}

void TestWindowPictures::pages_everyState_fit() {
    QFETCH(bool, dark);
    ui::setCalmLook(dark);
    const auto named = [dark](const char* name) -> QString {
        return QString::fromLatin1(name) + (dark ? QStringLiteral("-dark") : QString());
    };
    ThreeApps apps;
    RunningWindow running(apps.home.options());
    QTRY_COMPARE_WITH_TIMEOUT(running.rows().rowCount(), 3, kSoonMs);
    QTRY_VERIFY_WITH_TIMEOUT(running.everyRowProtected(), kSoonMs);
    for (int i = 0; i < 12; ++i) {
        apps.commit();
        QTest::qWait(wanted() ? 700 : 50);
    }
    QTRY_VERIFY_WITH_TIMEOUT(running.everyRowProtected(), kSoonMs);
    QTest::qWait(wanted() ? 2500 : 0);
    running.window.resize(1000, 640);
    picture(running.window, named("window"));
    running.window.resize(800, 600);
    picture(running.window, named("window-small"));
    running.window.resize(1000, 660);

    ui::RestoreDialog* dialog = running.openRestore();
    picture(*dialog, named("restore-1-from"));
    auto* next = dialog->findChild<QPushButton*>(QStringLiteral("next"));
    QTest::mouseClick(next, Qt::LeftButton);
    auto* timeline = dialog->findChild<QTableView*>(QStringLiteral("timeline"));
    QTRY_VERIFY_WITH_TIMEOUT(timeline->model()->rowCount() > 0, kSoonMs);
    timeline->setCurrentIndex(timeline->model()->index(4, 0));
    dialog->findChild<QLineEdit*>(QStringLiteral("goTo"))->clear();
    picture(*dialog, named("restore-2-when"));
    QTest::mouseClick(next, Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(next->isEnabled(), kSoonMs);
    picture(*dialog, named("restore-3-where"));
    QTest::mouseClick(next, Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(next->isEnabled(), kSoonMs);
    picture(*dialog, named("restore-4-review"));
    QTest::mouseClick(next, Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(next->isVisible() && next->text() == QStringLiteral("Done"), kSoonMs);
    picture(*dialog, named("restore-5-done"));
    dialog->accept();

    ui::ProtectDialog protect(running.bridge, &running.window);
    protect.show();
    protect.findChild<QLineEdit*>(QStringLiteral("replicaFolder"))
        ->setText(QStringLiteral("~/media/disk"));
    protect.findChild<QLineEdit*>(QStringLiteral("databasePath"))
        ->setText(QStringLiteral("~/Books/metadata.db"));
    QTRY_VERIFY_WITH_TIMEOUT(protect.findChild<QPushButton*>(QStringLiteral("accept"))->isEnabled(),
                             kSoonMs);
    picture(protect, named("protect"));
    protect.close();

    running.bridge.pause({});
    QTRY_COMPARE_WITH_TIMEOUT(running.sentence(), QStringLiteral("Uploads are paused"), kSoonMs);
    apps.commit();
    QTest::qWait(wanted() ? 1500 : 0);
    picture(running.window, named("window-paused"));
    running.bridge.resume();
    apps.loseBooks();
    QTRY_COMPARE_WITH_TIMEOUT(
        running.sentence(), QStringLiteral("1 database needs attention"), kSoonMs);
    picture(running.window, named("window-attention"));

    Household nothing;
    RunningWindow empty(nothing.options());
    QTRY_COMPARE_WITH_TIMEOUT(
        empty.sentence(), QStringLiteral("Nothing is protected yet"), kSoonMs);
    picture(empty.window, named("window-empty"));
    nothing.write("{\"version\": 1, \"databasses\": []}");
    QTRY_COMPARE_WITH_TIMEOUT(
        empty.sentence(), QStringLiteral("Nothing is being recorded"), kSoonMs);
    picture(empty.window, named("window-bad-configuration"));
}

QTEST_MAIN(TestWindowPictures)
#include "tst_window_pictures.moc"
