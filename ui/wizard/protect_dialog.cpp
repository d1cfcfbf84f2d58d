// SPDX-License-Identifier: Apache-2.0
#include "ui/wizard/protect_dialog.h"

#include <memory>

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/bridge/engine_bridge.h"
#include "ui/text/error_text.h"
#include "ui/text/units.h"
#include "ui/widgets/accent_button.h"
#include "ui/widgets/look.h"
#include "ui/wizard/notice.h"

namespace ui {

namespace {

constexpr int kLookAfterMs = 250;

/// The name of a database from its file: the app's folder says more than "document".
QString nameFor(const QString& path) {
    const QFileInfo file(path);
    const QString base = file.completeBaseName();
    return base.isEmpty() ? file.fileName() : base;
}

QString absolute(const QString& typed) {
    const QString text = typed.trimmed();
    const bool home = text == u'~' || text.startsWith(QStringLiteral("~/"));
    const QString path = home ? QDir::homePath() + text.mid(1) : text;
    return QDir::isAbsolutePath(path) ? QDir::cleanPath(path) : QString();
}

}  // namespace

ProtectDialog::ProtectDialog(EngineBridge& bridge, QWidget* parent)
    : QDialog(parent)
    , m_bridge(bridge) {
    setObjectName(QStringLiteral("protectDialog"));
    setWindowTitle(tr("Protect a Database"));
    auto* column = new QVBoxLayout(this);
    const int around = distance(*this, Distance::Around);
    column->setContentsMargins(around, around, around, distance(*this, Distance::Between));
    column->setSpacing(distance(*this, Distance::Row));
    auto* title = new QLabel(tr("Which database, and where to?"), this);
    title->setFont(titleFont(font()));
    column->addWidget(title);
    auto* form = new QFormLayout;
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    form->setLabelAlignment(Qt::AlignLeading | Qt::AlignVCenter);
    m_database = addPath(*form, tr("&Database"), &ProtectDialog::chooseDatabase);
    m_database->setObjectName(QStringLiteral("databasePath"));
    m_name = new QLineEdit(this);
    m_name->setObjectName(QStringLiteral("databaseName"));
    form->addRow(tr("&Name"), m_name);
    m_folder = addPath(*form, tr("&Copies in"), &ProtectDialog::chooseFolder);
    m_folder->setObjectName(QStringLiteral("replicaFolder"));
    m_folder->setPlaceholderText(tr("A folder, best on another disk"));
    column->addLayout(form);
    m_facts = new QLabel(this);
    m_facts->setWordWrap(true);
    makeQuiet(*m_facts);
    m_notice = new Notice(this);
    column->addWidget(m_facts);
    column->addWidget(m_notice);
    column->addStretch();
    column->addWidget(makeButtons());
    m_lookSoon.setSingleShot(true);
    m_lookSoon.setInterval(kLookAfterMs);
    connect(&m_lookSoon, &QTimer::timeout, this, &ProtectDialog::look);
    connect(m_database, &QLineEdit::textChanged, this, &ProtectDialog::edited);
    connect(m_folder, &QLineEdit::textChanged, this, &ProtectDialog::edited);
    connect(m_name, &QLineEdit::textChanged, this, &ProtectDialog::refresh);
    resize(scaled(*this, 620), scaled(*this, 360));
    refresh();
}

QLineEdit* ProtectDialog::addPath(QFormLayout& form,
                                  const QString& label,
                                  void (ProtectDialog::*choose)()) {
    auto* line = new QWidget(this);
    auto* row = new QHBoxLayout(line);
    row->setContentsMargins(0, 0, 0, 0);
    auto* edit = new QLineEdit(line);
    auto* button = new QPushButton(tr("Choose…"), line);
    button->setAutoDefault(false);
    button->setAccessibleName(tr("Choose: %1").arg(QString(label).remove(u'&')));
    row->addWidget(edit, 1);
    row->addWidget(button);
    form.addRow(label, line);
    static_cast<QLabel*>(form.labelForField(line))->setBuddy(edit);
    connect(button, &QPushButton::clicked, this, choose);
    return edit;
}

QWidget* ProtectDialog::makeButtons() {
    auto* bar = new QWidget(this);
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(0, 0, 0, 0);
    auto* cancel = new QPushButton(tr("Cancel"), bar);
    cancel->setAutoDefault(false);
    m_accept = new AccentButton(tr("Protect"), bar);
    m_accept->setObjectName(QStringLiteral("accept"));
    m_accept->setDefault(true);
    row->addWidget(cancel);
    row->addStretch();
    row->addWidget(m_accept);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_accept, &QPushButton::clicked, this, &ProtectDialog::protect);
    return bar;
}

QString ProtectDialog::databasePath() const {
    return absolute(m_database->text());
}

QString ProtectDialog::folderPath() const {
    return absolute(m_folder->text());
}

void ProtectDialog::chooseDatabase() {
    auto* dialog = new QFileDialog(this, tr("Choose a Database"), QDir::homePath());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
        m_database->setText(pathText(path));
    });
    dialog->open();
}

void ProtectDialog::chooseFolder() {
    auto* dialog = new QFileDialog(this, tr("Choose a Folder for the Copies"), QDir::homePath());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
        m_folder->setText(pathText(path));
    });
    dialog->open();
}

void ProtectDialog::edited() {
    m_protectable = false;
    m_lookSoon.start();
    refresh();
}

void ProtectDialog::look() {
    delete m_job;
    m_job = nullptr;
    const QString path = databasePath();
    m_notice->hide();
    m_facts->clear();
    if (path.isEmpty()) {
        return;
    }
    if (!m_name->isModified()) {
        m_name->setText(nameFor(path));
    }
    auto probed = std::make_shared<ProbedFile>();
    m_job = m_bridge.startJob(
        QStringLiteral("probe"),
        [probed, file = path.toStdString(), folder = folderPath().toStdString()](
            const engine::Job::Report&, std::stop_token) -> engine::Status {
            ENGINE_TRY_ASSIGN(*probed, probeFile(file, folder));
            return {};
        },
        this);
    connect(m_job,
            &BackgroundJob::finished,
            this,
            [this, probed](const std::optional<engine::Error>& error) {
                if (error) {
                    m_notice->say(engine::ProtectionState::NeedsAttention, sentencesOf(*error));
                } else {
                    showProbe(*probed);
                }
            });
}

void ProtectDialog::showProbe(const ProbedFile& file) {
    m_protectable = file.protectable;
    if (!file.protectable) {
        m_notice->say(engine::ProtectionState::NeedsAttention, asSentence(toQString(file.problem)));
        refresh();
        return;
    }
    m_facts->setText(
        tr("%1 · %2 · %3", "size, how it is recorded, why")
            .arg(sizeText(file.bytes), toQString(file.captureLabel), toQString(file.reason)));
    QStringList cautions;
    if (file.onTheSameDisk) {
        cautions.append(
            tr("This folder is on the same disk as the database. It won't help if the "
               "disk fails."));
    }
    for (const std::string& warning : file.warnings) {
        cautions.append(asSentence(toQString(warning)));
    }
    if (!cautions.isEmpty()) {
        m_notice->say(engine::ProtectionState::Waiting, cautions.join(u' '));
    }
    refresh();
}

void ProtectDialog::refresh() {
    const bool complete = m_protectable && !folderPath().isEmpty() &&
                          !m_name->text().trimmed().isEmpty() && !m_lookSoon.isActive();
    m_accept->setEnabled(complete);
}

void ProtectDialog::protect() {
    const ProtectRequest request{m_name->text().trimmed().toStdString(),
                                 databasePath().toStdString(),
                                 folderPath().toStdString()};
    m_accept->setEnabled(false);
    delete m_job;
    m_job = m_bridge.startJob(
        QStringLiteral("protect"),
        [request, config = m_bridge.replicas().configPath](const engine::Job::Report&,
                                                           std::stop_token) {
            return protectDatabase(config, request);
        },
        this);
    connect(
        m_job, &BackgroundJob::finished, this, [this](const std::optional<engine::Error>& error) {
            if (error) {
                m_notice->say(engine::ProtectionState::NeedsAttention, sentencesOf(*error));
                refresh();
            } else {
                accept();
            }
        });
}

}  // namespace ui
