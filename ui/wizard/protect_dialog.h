// SPDX-License-Identifier: Apache-2.0
// "Protect a Database…": which file, under which name, copied to which folder. The file is looked
// at before anything is written; the database itself is only ever read.
#pragma once

#include <QDialog>
#include <QTimer>

#include "ui/bridge/protect_queries.h"

class QFormLayout;
class QLabel;
class QLineEdit;
class QPushButton;

namespace ui {

class BackgroundJob;
class EngineBridge;
class Notice;

class ProtectDialog final : public QDialog {
    Q_OBJECT

public:
    explicit ProtectDialog(EngineBridge& bridge, QWidget* parent = nullptr);

private:
    QLineEdit* addPath(QFormLayout& form, const QString& label, void (ProtectDialog::*choose)());
    QWidget* makeButtons();
    void chooseDatabase();
    void chooseFolder();
    void edited();
    void look();
    void showProbe(const ProbedFile& file);
    void protect();
    void refresh();
    QString databasePath() const;
    QString folderPath() const;

    EngineBridge& m_bridge;
    QLineEdit* m_database = nullptr;
    QLineEdit* m_name = nullptr;
    QLineEdit* m_folder = nullptr;
    QLabel* m_facts = nullptr;
    Notice* m_notice = nullptr;
    QPushButton* m_accept = nullptr;
    QTimer m_lookSoon;
    BackgroundJob* m_job = nullptr;
    bool m_protectable = false;
};

}  // namespace ui
