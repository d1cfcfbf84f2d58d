// SPDX-License-Identifier: Apache-2.0
#include "ui/views/empty_page.h"

#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/text/units.h"
#include "ui/widgets/accent_button.h"
#include "ui/widgets/look.h"

namespace ui {

EmptyPage::EmptyPage(QWidget* parent)
    : Card(parent)
    , m_hint(new QLabel(this))
    , m_protect(new AccentButton(tr("Protect a Database…"), this)) {
    auto* title = new QLabel(tr("Keep the databases of your apps safe"), this);
    title->setFont(headlineFont(font()));
    auto* text = new QLabel(tr("Choose a database and a folder for its copies, best on another "
                               "disk. Every change is recorded there while it happens, so that "
                               "you can go back to any earlier moment. The app and its database "
                               "are only ever read."),
                            this);
    text->setWordWrap(true);
    makeQuiet(*text);
    m_hint->setWordWrap(true);
    m_hint->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_hint->setFont(smallFont(font()));
    makeQuiet(*m_hint);
    m_protect->setObjectName(QStringLiteral("protect"));
    connect(m_protect, &QPushButton::clicked, this, &EmptyPage::protectRequested);

    auto* column = new QVBoxLayout(this);
    const int around = distance(*this, Distance::Around);
    column->setContentsMargins(around, around, around, around);
    column->setSpacing(distance(*this, Distance::Row));
    for (QWidget* widget : {static_cast<QWidget*>(title), static_cast<QWidget*>(text)}) {
        column->addWidget(widget);
    }
    column->addWidget(m_protect, 0, Qt::AlignLeading);
    column->addWidget(m_hint);
    column->addStretch();
}

void EmptyPage::setConfigurationPath(const QString& path) {
    m_hint->setText(tr("The configuration is kept in %1.").arg(pathText(path)));
    m_hint->setVisible(!path.isEmpty());
}

}  // namespace ui
