// SPDX-License-Identifier: Apache-2.0
// Which moment: the latest, or one of the points of the timeline.
#pragma once

#include "ui/wizard/restore_page.h"

class QLabel;
class QLineEdit;
class QPushButton;
class QRadioButton;
class QStackedWidget;
class QTableView;

namespace ui {

class BackgroundJob;
class Notice;
class TimelineModel;

class WhenPage final : public RestorePage {
    Q_OBJECT

public:
    WhenPage(EngineBridge& bridge, RestoreChoice& choice, QWidget* parent);

    QString step() const override { return tr("When"); }

    QString title() const override { return tr("Go back to which moment?"); }

    QString subtitle() const override;
    void enter() override;
    bool isComplete() const override;

private:
    QWidget* makeChooser();
    QWidget* makeGoToLine();
    void makeTable();
    void load();
    void take(const LoadedHistory& loaded);
    void showFailure(const engine::Error& error);
    void goTo();
    void useLatest();
    void useSelected();

    TimelineModel* m_model;
    QStackedWidget* m_stack = nullptr;
    Notice* m_notice = nullptr;
    QRadioButton* m_latest = nullptr;
    QLabel* m_latestText = nullptr;
    QRadioButton* m_earlier = nullptr;
    QLineEdit* m_goTo = nullptr;
    QLabel* m_goToAnswer = nullptr;
    QTableView* m_table = nullptr;
    QWidget* m_waitPage = nullptr;
    QWidget* m_chooser = nullptr;
    BackgroundJob* m_job = nullptr;
};

}  // namespace ui
