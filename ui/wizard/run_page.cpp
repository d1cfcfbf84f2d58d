// SPDX-License-Identifier: Apache-2.0
#include "ui/wizard/run_page.h"

#include <QFileInfo>
#include <QGridLayout>
#include <QLabel>
#include <QProgressBar>
#include <QVBoxLayout>

#include "ui/bridge/engine_bridge.h"
#include "ui/text/error_text.h"
#include "ui/text/units.h"
#include "ui/widgets/look.h"
#include "ui/wizard/notice.h"

namespace ui {

namespace {

using Stage = engine::RestoreProgress::Stage;

/// The report of a job is a text: the stage's number in it.
std::string encoded(Stage stage) {
    return std::to_string(static_cast<int>(stage));
}

std::size_t decoded(const std::string& stage) {
    return static_cast<std::size_t>(QString::fromStdString(stage).toUInt());
}

}  // namespace

/// What a run left behind besides its error.
struct RunPage::Outcome {
    engine::RestoreReport report;
    std::optional<engine::PointInTime> nearest;
};

RunPage::RunPage(EngineBridge& bridge, RestoreChoice& choice, QWidget* parent)
    : RestorePage(bridge, choice, parent)
    , m_bar(new QProgressBar(this))
    , m_notice(new Notice(this)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(distance(*this, Distance::Row));
    auto* grid = new QGridLayout;
    grid->setVerticalSpacing(distance(*this, Distance::Inside));
    grid->setHorizontalSpacing(distance(*this, Distance::Inside));
    grid->setColumnStretch(1, 1);
    // In the order of RestoreProgress::Stage.
    m_stageNames = {tr("Plan"),
                    tr("Fetch"),
                    tr("Rebuild"),
                    tr("Check every page and the database"),
                    tr("Put in place")};
    for (const QString& name : m_stageNames) {
        const StageLine line{new QLabel(this), new QLabel(name, this)};
        line.mark->setFixedWidth(fontMetrics().horizontalAdvance(u'✓') * 2);
        const int row = static_cast<int>(m_stages.size());
        grid->addWidget(line.mark, row, 0);
        grid->addWidget(line.text, row, 1);
        m_stages.push_back(line);
    }
    m_bar->setTextVisible(false);
    m_bar->setAccessibleName(tr("Progress of the restore"));
    m_notice->setObjectName(QStringLiteral("outcome"));
    column->addLayout(grid);
    column->addWidget(m_bar);
    column->addWidget(m_notice);
    column->addStretch();
}

QString RunPage::title() const {
    if (isRunning()) {
        return tr("Restoring…");
    }
    return m_succeeded ? tr("Restored") : tr("Nothing was changed");
}

QString RunPage::subtitle() const {
    return tr("%1 as it was %2")
        .arg(toQString(choice().database.name), momentText(choice().moment, presentTime()));
}

bool RunPage::isRunning() const {
    return m_job != nullptr && !m_job->isFinished();
}

void RunPage::cancel() {
    if (m_job != nullptr) {
        m_job->cancel();
    }
}

void RunPage::enter() {
    m_succeeded = false;
    m_notice->hide();
    m_bar->setRange(0, 0);
    m_bar->show();
    markStages(0, {});
    delete m_job;
    auto outcome = std::make_shared<Outcome>();
    m_job = bridge().startJob(
        QStringLiteral("restore"),
        [outcome, access = bridge().replicas(), chosen = choice()](
            const engine::Job::Report& tell, std::stop_token stop) -> engine::Status {
            engine::RestoreOptions options;
            options.targetPath = chosen.targetPath.toStdString();
            options.progress = [&tell](const engine::RestoreProgress& progress) {
                tell({encoded(progress.stage), progress.bytesDone, progress.bytesTotal});
            };
            options.nearest = [&outcome](const engine::PointInTime& found) {
                outcome->nearest = found;
            };
            ENGINE_TRY_ASSIGN(outcome->report,
                              restorePlan(access,
                                          chosen.address(),
                                          *chosen.history.history,
                                          *chosen.plan,
                                          options,
                                          std::move(stop)));
            return {};
        },
        this);
    connect(m_job, &BackgroundJob::progressed, this, &RunPage::showProgress);
    connect(
        m_job,
        &BackgroundJob::finished,
        this,
        [this, outcome](const std::optional<engine::Error>& error) { finish(error, *outcome); });
    emit changed();
}

void RunPage::showProgress(const engine::JobProgress& progress) {
    const std::size_t stage = decoded(progress.stage);
    if (progress.total == 0) {
        m_bar->setRange(0, 0);
        markStages(stage, {});
        return;
    }
    constexpr std::uint64_t kSteps = 1000;
    m_bar->setRange(0, static_cast<int>(kSteps));
    m_bar->setValue(static_cast<int>(kSteps * progress.done / progress.total));
    markStages(stage, tr("%1 of %2").arg(sizeText(progress.done), sizeText(progress.total)));
}

void RunPage::markStages(std::size_t current, const QString& currentText) {
    for (std::size_t i = 0; i < m_stages.size(); ++i) {
        const StageLine& line = m_stages[i];
        line.mark->setText(i < current ? QString(u'✓') : i == current ? QString(u'›') : QString());
        line.text->setText(
            i == current && !currentText.isEmpty()
                ? tr("%1 – %2", "a stage and how far it is").arg(m_stageNames[i], currentText)
                : m_stageNames[i]);
        line.text->setFont(i == current ? strongFont(font()) : font());
        line.text->setForegroundRole(i > current ? QPalette::PlaceholderText
                                                 : QPalette::WindowText);
    }
}

void RunPage::finish(const std::optional<engine::Error>& error, const Outcome& outcome) {
    m_bar->hide();
    m_succeeded = !error;
    if (error) {
        showFailure(*error, outcome.nearest);
    } else {
        showSuccess(outcome.report);
    }
    emit changed();
}

void RunPage::showSuccess(const engine::RestoreReport& report) {
    markStages(m_stages.size(), {});
    QString text = tr("%1 as it was %2 is in %3 (%4). Every page and the database were checked: "
                      "no errors.")
                       .arg(toQString(choice().database.name),
                            momentText(report.time, presentTime()),
                            pathText(choice().targetPath),
                            sizeText(report.bytes));
    for (const std::string& note : report.notes) {
        text += u' ' + asSentence(toQString(note));
    }
    m_notice->say(engine::ProtectionState::Protected, text);
    m_notice->addButton(tr("Open Folder"), [this] { emit openFolderWanted(); });
}

void RunPage::showFailure(const engine::Error& error,
                          const std::optional<engine::PointInTime>& nearest) {
    if (error.code == engine::ErrorCode::Cancelled) {
        m_notice->say(engine::ProtectionState::Paused, tr("Cancelled. Nothing was changed."));
        m_notice->addButton(tr("Try Again"), [this] { enter(); });
        return;
    }
    m_notice->say(engine::ProtectionState::NeedsAttention,
                  tr("%1 Your file was not touched.").arg(sentencesOf(error)));
    if (nearest) {
        offerNearest(*nearest);
    }
    m_notice->addButton(tr("Try Again"), [this] { enter(); });
    m_notice->addButton(tr("Choose Another Moment"), [this] { emit otherMomentWanted(); });
    for (const engine::ReplicaStatus& replica : choice().database.replicas) {
        if (replica.name != choice().replica) {
            m_notice->addButton(tr("Try %1").arg(toQString(replica.name)),
                                [this, name = replica.name] { emit otherReplicaWanted(name); });
        }
    }
}

/// It is reviewed like every other choice before anything happens.
void RunPage::offerNearest(const engine::PointInTime& nearest) {
    m_notice->addButton(tr("Use %1").arg(momentText(nearest.second, presentTime())),
                        [this, nearest] {
                            choice().target = targetOf(nearest.first);
                            choice().moment = nearest.second;
                            emit nearestMomentWanted();
                        });
}

}  // namespace ui
