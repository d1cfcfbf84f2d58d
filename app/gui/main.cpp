// SPDX-License-Identifier: Apache-2.0
// strandline: the window around the engine.
#include <stop_token>

#include <QApplication>
#include <QIcon>
#include <QSessionManager>

#include "app/common/memory.h"
#include "app/common/signals.h"
#include "app/gui/arguments.h"
#include "ui/bridge/engine_bridge.h"
#include "ui/views/main_window.h"
#include "ui/widgets/calm_style.h"

namespace {

void describeProgram() {
    const QString id = QStringLiteral("org.strandline.Strandline");
    QCoreApplication::setApplicationName(QStringLiteral("strandline"));
    QCoreApplication::setApplicationVersion(QStringLiteral(STRANDLINE_VERSION));
    QGuiApplication::setApplicationDisplayName(QStringLiteral("Strandline"));
    QGuiApplication::setDesktopFileName(id);
    QGuiApplication::setWindowIcon(
        QIcon::fromTheme(id, QIcon(QStringLiteral(":/icons/%1.svg").arg(id))));
    // The window decides: the engine stops first.
    QGuiApplication::setQuitOnLastWindowClosed(false);
}

}  // namespace

int main(int argc, char** argv) {
    app::returnLargeBuffers();
    int exitCode = 0;
    std::optional<app::Arguments> arguments = app::parseArguments(argc, argv, exitCode);
    if (!arguments) {
        return exitCode;
    }
    // Before any thread, so that each of them leaves the signals to this one.
    const app::Signals stopSignals;
    QApplication application(argc, argv);
    describeProgram();
    ui::useCalmLookByDefault();
    ui::EngineBridge bridge(std::move(arguments->engine));
    ui::MainWindow window(bridge);
    // The session's end asks nobody.
    QObject::connect(
        &application, &QGuiApplication::commitDataRequest, &window, [&window] { window.quit(); });
    const std::stop_callback onSignal(stopSignals.token(), [&window] {
        QMetaObject::invokeMethod(&window, &ui::MainWindow::quit, Qt::QueuedConnection);
    });
    window.show();
    bridge.start();
    return QApplication::exec();
}
