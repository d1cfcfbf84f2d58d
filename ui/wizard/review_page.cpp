// SPDX-License-Identifier: Apache-2.0
#include "ui/wizard/review_page.h"

#include <QGridLayout>
#include <QLabel>
#include <QVBoxLayout>

#include "ui/bridge/engine_bridge.h"
#include "ui/text/error_text.h"
#include "ui/text/units.h"
#include "ui/widgets/card.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/look.h"
#include "ui/wizard/notice.h"

namespace ui {

ReviewPage::ReviewPage(EngineBridge& bridge, RestoreChoice& choice, QWidget* parent)
    : RestorePage(bridge, choice, parent)
    , m_card(new Card(this))
    , m_notice(new Notice(this)) {
    auto* grid = new QGridLayout(m_card);
    const int between = distance(*this, Distance::Between);
    grid->setContentsMargins(between, between, between, between);
    grid->setHorizontalSpacing(between);
    grid->setVerticalSpacing(distance(*this, Distance::Row));
    grid->setColumnStretch(1, 1);
    m_from = addFact(*grid, tr("From"));
    m_moment = addFact(*grid, tr("Moment"));
    m_change = addFact(*grid, tr("Change"));
    m_target = addFact(*grid, tr("To"));
    m_fetch = addFact(*grid, tr("To fetch"));
    m_size = addFact(*grid, tr("Space needed"));
    m_fate = addFact(*grid, tr("Present file"));
    m_fate->setText(tr("is not touched"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(distance(*this, Distance::Row));
    column->addWidget(m_card);
    column->addWidget(m_notice);
    column->addStretch();
}

ElidedLabel* ReviewPage::addFact(QGridLayout& grid, const QString& label) {
    auto* name = new QLabel(label, m_card);
    makeQuiet(*name);
    name->setAlignment(Qt::AlignTrailing | Qt::AlignVCenter);
    auto* value = new ElidedLabel(m_card);
    const int row = grid.rowCount();
    grid.addWidget(name, row, 0);
    grid.addWidget(value, row, 1);
    return value;
}

QString ReviewPage::subtitle() const {
    return tr("The file is checked before it appears under its name.");
}

void ReviewPage::enter() {
    plan();
}

void ReviewPage::plan() {
    choice().plan.reset();
    m_notice->hide();
    m_card->hide();
    emit changed();
    delete m_job;
    auto result = std::make_shared<engine::PlanResult>();
    m_job = bridge().startJob(
        QStringLiteral("plan"),
        [result, history = choice().history.history, target = choice().target](
            const engine::Job::Report&, std::stop_token) -> engine::Status {
            *result = engine::planRestore(*history, target);
            return {};
        },
        this);
    connect(m_job, &BackgroundJob::finished, this, [this, result] { take(*result); });
}

void ReviewPage::take(const engine::PlanResult& result) {
    if (!result.ok()) {
        offerNearest(result.failure);
        emit changed();
        return;
    }
    choice().plan = result.plan;
    const engine::RestorePlan& plan = *choice().plan;
    choice().moment = plan.time;
    m_from->setText(toQString(choice().replica));
    m_moment->setText(exactMomentText(plan.time));
    m_change->setText(tr("%1 of generation %2")
                          .arg(changeText(plan.point.tx), generationText(plan.point.generation)));
    m_target->setText(pathText(choice().targetPath));
    m_fetch->setText(sizeText(plan.bytesToFetch));
    m_size->setText(sizeText(plan.highWaterMark * plan.pageSize));
    m_card->show();
    if (!plan.notes.empty()) {
        QStringList notes;
        for (const std::string& note : plan.notes) {
            notes.append(asSentence(toQString(note)));
        }
        m_notice->say(engine::ProtectionState::Waiting, notes.join(u' '));
    }
    emit changed();
}

void ReviewPage::offerNearest(const engine::PlanFailure& failure) {
    m_notice->say(engine::ProtectionState::NeedsAttention,
                  tr("This moment can't be restored from %1. %2 Your file was not touched.")
                      .arg(toQString(choice().replica), asSentence(toQString(failure.reason))));
    if (failure.nearest) {
        const engine::PointInTime nearest = *failure.nearest;
        m_notice->addButton(tr("Use %1").arg(momentText(nearest.second, presentTime())),
                            [this, nearest] {
                                choice().target = targetOf(nearest.first);
                                choice().moment = nearest.second;
                                plan();
                            });
    }
    m_notice->addButton(tr("Choose Another Moment"), [this] { emit otherMomentWanted(); });
}

}  // namespace ui
