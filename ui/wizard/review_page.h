// SPDX-License-Identifier: Apache-2.0
// What will happen, before it does: from, moment, target, what must be fetched, what is needed.
#pragma once

#include "ui/wizard/restore_page.h"

class QGridLayout;

namespace ui {

class BackgroundJob;
class Card;
class ElidedLabel;
class Notice;

class ReviewPage final : public RestorePage {
    Q_OBJECT

public:
    ReviewPage(EngineBridge& bridge, RestoreChoice& choice, QWidget* parent);

    QString step() const override { return tr("Review"); }

    QString title() const override { return tr("Ready to restore"); }

    QString subtitle() const override;
    void enter() override;

    bool isComplete() const override { return choice().plan.has_value(); }

signals:
    /// The person wants another moment than the one that can't be had.
    void otherMomentWanted();

private:
    ElidedLabel* addFact(QGridLayout& grid, const QString& label);
    void plan();
    void take(const engine::PlanResult& result);
    void offerNearest(const engine::PlanFailure& failure);

    Card* m_card;
    Notice* m_notice;
    ElidedLabel* m_from = nullptr;
    ElidedLabel* m_moment = nullptr;
    ElidedLabel* m_change = nullptr;
    ElidedLabel* m_target = nullptr;
    ElidedLabel* m_fetch = nullptr;
    ElidedLabel* m_size = nullptr;
    ElidedLabel* m_fate = nullptr;
    BackgroundJob* m_job = nullptr;
};

}  // namespace ui
