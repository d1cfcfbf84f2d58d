// SPDX-License-Identifier: Apache-2.0
// Which replica to restore from; the one that has most is chosen already.
#pragma once

#include "ui/wizard/restore_page.h"

class QButtonGroup;
class QVBoxLayout;

namespace ui {

class FromPage final : public RestorePage {
    Q_OBJECT

public:
    FromPage(EngineBridge& bridge, RestoreChoice& choice, QWidget* parent);

    QString step() const override { return tr("From"); }

    QString title() const override { return tr("Restore from which replica?"); }

    QString subtitle() const override;
    bool isComplete() const override;

    /// Another page found the chosen one wanting.
    void choose(const std::string& replica);

private:
    void addReplica(const engine::ReplicaStatus& replica, int id, QVBoxLayout& column);

    QButtonGroup* m_group;
};

}  // namespace ui
