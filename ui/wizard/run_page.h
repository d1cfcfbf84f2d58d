// SPDX-License-Identifier: Apache-2.0
// The restore while it runs, step by step, and what came of it.
#pragma once

#include <vector>

#include "engine/api/jobs.h"

#include "ui/wizard/restore_page.h"

class QLabel;
class QProgressBar;

namespace ui {

class BackgroundJob;
class Notice;

class RunPage final : public RestorePage {
    Q_OBJECT

public:
    RunPage(EngineBridge& bridge, RestoreChoice& choice, QWidget* parent);

    QString step() const override { return tr("Restore"); }

    QString title() const override;
    QString subtitle() const override;
    void enter() override;

    bool isRunning() const;

    /// The outcome of the last run; empty while it runs.
    bool succeeded() const noexcept { return m_succeeded; }

    void cancel();

signals:
    void otherMomentWanted();
    void otherReplicaWanted(const std::string& replica);
    /// The choice has been changed to it.
    void nearestMomentWanted();
    void openFolderWanted();

private:
    struct StageLine {
        QLabel* mark;
        QLabel* text;
    };

    void showProgress(const engine::JobProgress& progress);
    void markStages(std::size_t current, const QString& currentText);
    struct Outcome;
    void finish(const std::optional<engine::Error>& error, const Outcome& outcome);
    void showSuccess(const engine::RestoreReport& report);
    void showFailure(const engine::Error& error, const std::optional<engine::PointInTime>& nearest);
    void offerNearest(const engine::PointInTime& nearest);

    std::vector<StageLine> m_stages;
    std::vector<QString> m_stageNames;
    QProgressBar* m_bar;
    Notice* m_notice;
    BackgroundJob* m_job = nullptr;
    bool m_succeeded = false;
};

}  // namespace ui
