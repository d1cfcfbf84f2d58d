// SPDX-License-Identifier: Apache-2.0
// The main window and its engine, for tests of the real thing. They end as in a program: the engine
// first.
#pragma once

#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

#include "ui/bridge/engine_bridge.h"
#include "ui/models/database_model.h"
#include "ui/views/database_table.h"
#include "ui/views/main_window.h"
#include "ui/widgets/calm_style.h"
#include "ui/wizard/restore_dialog.h"

inline constexpr int kSoonMs = 30'000;

class RunningWindow {
public:
    explicit RunningWindow(const engine::EngineOptions& options)
        : bridge(options)
        , window(bridge) {
        window.show();
        bridge.start();
    }

    ~RunningWindow() {
        QSignalSpy ended(&bridge, &ui::EngineBridge::ended);
        bridge.shutDown();
        if (ended.isEmpty()) {
            ended.wait(kSoonMs);
        }
    }

    RunningWindow(const RunningWindow&) = delete;
    RunningWindow& operator=(const RunningWindow&) = delete;

    QAbstractItemModel& rows() const { return *table().model(); }

    ui::DatabaseTable& table() const { return *child<ui::DatabaseTable>("databases"); }

    QString cell(int row, int column) const { return rows().index(row, column).data().toString(); }

    /// "Protected", and nothing waits.
    bool isProtected(int row) const {
        const QModelIndex lag = rows().index(row, ui::DatabaseModel::Lag);
        return cell(row, ui::DatabaseModel::State) == QStringLiteral("Protected") &&
               lag.data(ui::DatabaseModel::SortRole) == 0;
    }

    bool everyRowProtected() const {
        for (int row = 0; row < rows().rowCount(); ++row) {
            if (!isProtected(row)) {
                return false;
            }
        }
        return rows().rowCount() > 0;
    }

    QString sentence() const { return child<QLabel>("sentence")->text(); }

    template <class Widget>
    Widget* child(const char* name) const {
        return window.findChild<Widget*>(QString::fromLatin1(name));
    }

    ui::RestoreDialog* openRestore() const {
        table().selectFirstIfNone();
        QTest::mouseClick(child<QPushButton>("restore"), Qt::LeftButton);
        return child<ui::RestoreDialog>("restoreDialog");
    }

    ui::EngineBridge bridge;
    ui::MainWindow window;
};
