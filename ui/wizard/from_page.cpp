// SPDX-License-Identifier: Apache-2.0
#include "ui/wizard/from_page.h"

#include <algorithm>

#include <QButtonGroup>
#include <QLabel>
#include <QRadioButton>
#include <QVBoxLayout>

#include "ui/text/status_text.h"
#include "ui/text/units.h"
#include "ui/widgets/card.h"
#include "ui/widgets/look.h"

namespace ui {

FromPage::FromPage(EngineBridge& bridge, RestoreChoice& choice, QWidget* parent)
    : RestorePage(bridge, choice, parent)
    , m_group(new QButtonGroup(this)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(distance(*this, Distance::Row));
    const auto& replicas = choice.database.replicas;
    for (std::size_t i = 0; i < replicas.size(); ++i) {
        addReplica(replicas[i], static_cast<int>(i), *column);
    }
    column->addStretch();
    const auto best =
        std::max_element(replicas.begin(), replicas.end(), [](const auto& a, const auto& b) {
            return a.storedTxId < b.storedTxId;
        });
    if (best != replicas.end()) {
        choose(best->name);
    }
}

void FromPage::addReplica(const engine::ReplicaStatus& replica, int id, QVBoxLayout& column) {
    auto* card = new Card(this);
    auto* layout = new QVBoxLayout(card);
    const int row = distance(*this, Distance::Between);
    layout->setContentsMargins(row, row, row, row);
    layout->setSpacing(distance(*this, Distance::Hair));
    auto* radio = new QRadioButton(toQString(replica.name), card);
    radio->setFont(strongFont(font()));
    const QString stored = replica.storedTxId.value == 0
                               ? tr("nothing of this recording is stored yet")
                               : tr("stored up to change %1").arg(changeText(replica.storedTxId));
    const QString line =
        tr("%1 · %2", "two facts in one line").arg(stored, replicaLine(replica, presentTime()));
    auto* text = new QLabel(line, card);
    text->setWordWrap(true);
    text->setIndent(distance(*this, Distance::Around));
    makeQuiet(*text);
    radio->setAccessibleDescription(line);
    layout->addWidget(radio);
    layout->addWidget(text);
    column.addWidget(card);
    m_group->addButton(radio, id);
    connect(radio, &QRadioButton::toggled, this, [this, card, id](bool checked) {
        card->setChosen(checked);
        if (checked) {
            RestoreChoice& chosen = choice();
            const std::string& name = chosen.database.replicas[static_cast<std::size_t>(id)].name;
            if (chosen.replica != name) {
                chosen.replica = name;
                chosen.history = {};
                chosen.plan.reset();
            }
            emit changed();
        }
    });
}

QString FromPage::subtitle() const {
    return tr("%1 is kept in %2 places.")
        .arg(toQString(choice().database.name))
        .arg(choice().database.replicas.size());
}

bool FromPage::isComplete() const {
    return m_group->checkedButton() != nullptr;
}

void FromPage::choose(const std::string& replica) {
    const auto& replicas = choice().database.replicas;
    for (std::size_t i = 0; i < replicas.size(); ++i) {
        if (replicas[i].name == replica) {
            m_group->button(static_cast<int>(i))->setChecked(true);
        }
    }
}

}  // namespace ui
