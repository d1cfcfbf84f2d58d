// SPDX-License-Identifier: Apache-2.0
#include "ui/wizard/where_page.h"

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QStandardPaths>
#include <QVBoxLayout>

#include "ui/bridge/engine_bridge.h"
#include "ui/text/restore_text.h"
#include "ui/text/units.h"
#include "ui/widgets/card.h"
#include "ui/widgets/look.h"
#include "ui/wizard/notice.h"

namespace ui {

namespace {

constexpr int kLookAfterMs = 200;

QString usualFolder() {
    const QString documents = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
    return documents.isEmpty() ? QDir::homePath() : documents;
}

QString expanded(const QString& path) {
    return path == u'~' || path.startsWith(QStringLiteral("~/")) ? QDir::homePath() + path.mid(1)
                                                                 : path;
}

}  // namespace

WherePage::WherePage(EngineBridge& bridge, RestoreChoice& choice, QWidget* parent)
    : RestorePage(bridge, choice, parent)
    , m_path(new QLineEdit(this))
    , m_facts(new QLabel(this))
    , m_notice(new Notice(this)) {
    auto* card = new Card(this);
    card->setChosen(true);
    auto* inside = new QVBoxLayout(card);
    const int between = distance(*this, Distance::Between);
    inside->setContentsMargins(between, between, between, between);
    inside->setSpacing(distance(*this, Distance::Inside));
    auto* title = new QLabel(tr("&A separate copy"), card);
    title->setFont(strongFont(font()));
    title->setBuddy(m_path);
    auto* promise = new QLabel(tr("Nothing you have now is touched."), card);
    makeQuiet(*promise);
    auto* line = new QHBoxLayout;
    auto* choose = new QPushButton(tr("&Choose…"), card);
    choose->setAutoDefault(false);
    m_path->setObjectName(QStringLiteral("targetPath"));
    m_path->setAccessibleName(tr("File to restore to"));
    line->addWidget(m_path, 1);
    line->addWidget(choose);
    inside->addWidget(title);
    inside->addWidget(promise);
    inside->addLayout(line);
    makeQuiet(*m_facts);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(distance(*this, Distance::Row));
    column->addWidget(card);
    column->addWidget(m_notice);
    column->addWidget(m_facts);
    column->addStretch();
    m_lookSoon.setSingleShot(true);
    m_lookSoon.setInterval(kLookAfterMs);
    connect(&m_lookSoon, &QTimer::timeout, this, &WherePage::look);
    connect(m_path, &QLineEdit::textChanged, this, &WherePage::pathEdited);
    connect(choose, &QPushButton::clicked, this, &WherePage::chooseFile);
}

QString WherePage::subtitle() const {
    return tr("%1 as it was %2, from %3")
        .arg(toQString(choice().database.name),
             momentText(choice().moment, presentTime()),
             toQString(choice().replica));
}

void WherePage::enter() {
    const bool kept = m_path->text().isEmpty() || m_path->text() == m_proposed;
    if (kept) {
        const QString name = proposedFileName(
            toQString(choice().database.name), toQString(choice().database.path), choice().moment);
        m_proposed = pathText(usualFolder() + u'/' + name);
        m_path->setText(m_proposed);
    }
    look();
    m_path->setFocus();
}

bool WherePage::isComplete() const {
    return m_usable && !m_lookSoon.isActive();
}

void WherePage::chooseFile() {
    auto* dialog = new QFileDialog(this, tr("Restore To"), QFileInfo(choice().targetPath).path());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    // Nothing is ever replaced; the page says so when the name is taken.
    dialog->setOption(QFileDialog::DontConfirmOverwrite);
    dialog->selectFile(QFileInfo(choice().targetPath).fileName());
    connect(dialog, &QFileDialog::fileSelected, this, &WherePage::usePath);
    dialog->open();
}

void WherePage::usePath(const QString& path) {
    m_path->setText(pathText(path));
}

void WherePage::pathEdited() {
    m_usable = false;
    m_lookSoon.start();
    emit changed();
}

void WherePage::look() {
    m_lookSoon.stop();
    m_usable = false;
    delete m_job;
    m_job = nullptr;
    const QString path = expanded(m_path->text().trimmed());
    if (QDir::isRelativePath(path) || path.endsWith(u'/')) {
        m_facts->clear();
        m_notice->say(engine::ProtectionState::Waiting,
                      tr("Name the whole path, from “/” or “~/” to the file's name."));
        emit changed();
        return;
    }
    choice().targetPath = QDir::cleanPath(path);
    auto facts = std::make_shared<TargetFacts>();
    m_job = bridge().startJob(
        QStringLiteral("target"),
        [facts, target = choice().targetPath.toStdString()](const engine::Job::Report&,
                                                            std::stop_token) -> engine::Status {
            *facts = lookAtTarget(target);
            return {};
        },
        this);
    connect(m_job, &BackgroundJob::finished, this, [this, facts] { showFacts(*facts); });
    emit changed();
}

void WherePage::showFacts(const TargetFacts& facts) {
    const QString folder = pathText(QFileInfo(choice().targetPath).path());
    m_usable = !facts.exists && facts.folderExists && facts.folderWritable;
    if (facts.exists) {
        const QString next = nextFileName(choice().targetPath);
        m_notice->say(engine::ProtectionState::Waiting,
                      tr("There is a file with this name already, and a restore never replaces "
                         "anything."));
        m_notice->addButton(tr("Use “%1”").arg(QFileInfo(next).fileName()),
                            [this, next] { usePath(next); });
    } else if (!facts.folderExists) {
        m_notice->say(engine::ProtectionState::Waiting, tr("There is no folder %1.").arg(folder));
    } else if (!facts.folderWritable) {
        m_notice->say(engine::ProtectionState::Waiting, tr("You may not write in %1.").arg(folder));
    } else {
        m_notice->hide();
    }
    m_facts->setText(facts.folderExists ? tr("%1 free in %2").arg(sizeText(facts.bytesFree), folder)
                                        : QString());
    emit changed();
}

}  // namespace ui
