// SPDX-License-Identifier: Apache-2.0
// Where the restored file goes: beside nothing that is there, under a name that says which moment
// it is.
#pragma once

#include <QTimer>

#include "ui/wizard/restore_page.h"

class QLabel;
class QLineEdit;

namespace ui {

class BackgroundJob;
class Notice;

class WherePage final : public RestorePage {
    Q_OBJECT

public:
    WherePage(EngineBridge& bridge, RestoreChoice& choice, QWidget* parent);

    QString step() const override { return tr("Where"); }

    QString title() const override { return tr("Where should it go?"); }

    QString subtitle() const override;
    void enter() override;
    bool isComplete() const override;

private:
    void chooseFile();
    void usePath(const QString& path);
    void pathEdited();
    void look();
    void showFacts(const TargetFacts& facts);

    QLineEdit* m_path;
    QLabel* m_facts;
    Notice* m_notice;
    QTimer m_lookSoon;
    QString m_proposed;  // as long as the person keeps it, it follows the moment
    bool m_usable = false;
    BackgroundJob* m_job = nullptr;
};

}  // namespace ui
