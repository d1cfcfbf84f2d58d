// SPDX-License-Identifier: Apache-2.0
#include "ui/wizard/when_page.h"

#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QProgressBar>
#include <QPushButton>
#include <QRadioButton>
#include <QStackedWidget>
#include <QTableView>
#include <QVBoxLayout>

#include "ui/bridge/engine_bridge.h"
#include "ui/models/timeline_model.h"
#include "ui/text/error_text.h"
#include "ui/text/restore_text.h"
#include "ui/text/units.h"
#include "ui/widgets/look.h"
#include "ui/wizard/notice.h"

namespace ui {

WhenPage::WhenPage(EngineBridge& bridge, RestoreChoice& choice, QWidget* parent)
    : RestorePage(bridge, choice, parent)
    , m_model(new TimelineModel(this))
    , m_stack(new QStackedWidget(this)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    m_notice = new Notice(this);
    column->addWidget(m_notice);
    column->addWidget(m_stack, 1);

    m_waitPage = new QWidget(m_stack);
    auto* wait = new QVBoxLayout(m_waitPage);
    auto* bar = new QProgressBar(m_waitPage);
    bar->setRange(0, 0);
    bar->setAccessibleName(tr("Reading history"));
    wait->addWidget(new QLabel(tr("Reading history…"), m_waitPage));
    wait->addWidget(bar);
    wait->addStretch();
    m_stack->addWidget(m_waitPage);
    m_chooser = makeChooser();
    m_stack->addWidget(m_chooser);
}

QWidget* WhenPage::makeChooser() {
    auto* page = new QWidget(m_stack);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(distance(*this, Distance::Inside));
    m_latest = new QRadioButton(tr("The latest"), page);
    m_latest->setObjectName(QStringLiteral("latest"));
    m_latest->setChecked(true);
    m_latestText = new QLabel(page);
    m_latestText->setIndent(distance(*this, Distance::Around));
    makeQuiet(*m_latestText);
    m_earlier = new QRadioButton(tr("An earlier moment"), page);
    m_earlier->setObjectName(QStringLiteral("earlier"));
    column->addWidget(m_latest);
    column->addWidget(m_latestText);
    column->addWidget(m_earlier);
    column->addWidget(makeGoToLine());
    makeTable();
    column->addWidget(m_table, 1);
    connect(m_latest, &QRadioButton::toggled, this, [this](bool checked) {
        if (checked) {
            useLatest();
        }
    });
    connect(m_earlier, &QRadioButton::toggled, this, [this](bool checked) {
        if (checked && !m_table->currentIndex().isValid()) {
            m_table->setCurrentIndex(m_model->index(0, 0));
        }
        if (checked) {
            useSelected();
        }
    });
    return page;
}

QWidget* WhenPage::makeGoToLine() {
    auto* line = new QWidget(this);
    auto* row = new QHBoxLayout(line);
    row->setContentsMargins(distance(*this, Distance::Around), 0, 0, 0);
    auto* label = new QLabel(tr("&Go to"), line);
    m_goTo = new QLineEdit(line);
    m_goTo->setObjectName(QStringLiteral("goTo"));
    m_goTo->setPlaceholderText(tr("14:05, yesterday 9:00 or #1042"));
    m_goTo->setClearButtonEnabled(true);
    m_goTo->setMinimumWidth(fontMetrics().horizontalAdvance(m_goTo->placeholderText()) +
                            scaled(*this, 48));
    label->setBuddy(m_goTo);
    m_goToAnswer = new QLabel(line);
    m_goToAnswer->setObjectName(QStringLiteral("goToAnswer"));
    makeQuiet(*m_goToAnswer);
    row->addWidget(label);
    row->addWidget(m_goTo);
    row->addWidget(m_goToAnswer, 1);
    connect(m_goTo, &QLineEdit::textEdited, this, &WhenPage::goTo);
    // Enter in this field looks, it does not turn the page.
    connect(m_goTo, &QLineEdit::returnPressed, this, [this] { m_table->setFocus(); });
    return line;
}

void WhenPage::makeTable() {
    m_table = new QTableView(this);
    m_table->setObjectName(QStringLiteral("timeline"));
    m_table->setAccessibleName(tr("Moments that can be restored, newest first"));
    m_table->setModel(m_model);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setShowGrid(false);
    m_table->setTabKeyNavigation(false);
    m_table->setWordWrap(false);
    m_table->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    m_table->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + scaled(*this, 8));
    QHeaderView& header = *m_table->horizontalHeader();
    header.setHighlightSections(false);
    header.setSectionResizeMode(QHeaderView::Interactive);
    header.setSectionResizeMode(TimelineModel::Moment, QHeaderView::Stretch);
    const auto wide = [this](const QString& sample) {
        return fontMetrics().horizontalAdvance(sample) + scaled(*this, 24);
    };
    header.resizeSection(TimelineModel::Change, wide(QStringLiteral("#9 999 999")));
    header.resizeSection(TimelineModel::Kind, wide(QStringLiteral("Merged changes")));
    header.resizeSection(TimelineModel::Pages, wide(QStringLiteral("9 999 999")));
    connect(m_table->selectionModel(),
            &QItemSelectionModel::currentRowChanged,
            this,
            [this](const QModelIndex& current) {
                if (current.isValid()) {
                    m_earlier->setChecked(true);
                    useSelected();
                }
            });
}

QString WhenPage::subtitle() const {
    const auto& points = m_model->points();
    if (points.empty()) {
        return tr("%1, from %2")
            .arg(toQString(choice().database.name), toQString(choice().replica));
    }
    const engine::Time now = presentTime();
    return tr("%1 has %2 moments on %3, back to %4.")
        .arg(toQString(choice().database.name),
             QLocale().toString(qulonglong{points.size()}),
             toQString(choice().replica),
             momentText(points.front().time, now));
}

void WhenPage::enter() {
    if (choice().history.history == nullptr) {
        load();
    }
}

bool WhenPage::isComplete() const {
    return choice().history.history != nullptr && !m_model->points().empty();
}

void WhenPage::load() {
    m_notice->hide();
    m_model->clear();
    m_stack->setCurrentWidget(m_waitPage);
    m_stack->show();
    emit changed();
    delete m_job;
    auto loaded = std::make_shared<LoadedHistory>();
    m_job = bridge().startJob(
        QStringLiteral("history"),
        [access = bridge().replicas(), address = choice().address(), loaded](
            const engine::Job::Report&, std::stop_token stop) -> engine::Status {
            ENGINE_TRY_ASSIGN(*loaded, loadHistoryOf(access, address, std::move(stop)));
            return {};
        },
        this);
    connect(m_job,
            &BackgroundJob::finished,
            this,
            [this, loaded](const std::optional<engine::Error>& error) {
                if (error) {
                    showFailure(*error);
                } else {
                    take(*loaded);
                }
            });
}

void WhenPage::take(const LoadedHistory& loaded) {
    choice().history = loaded;
    m_model->setPoints(loaded.points, presentTime());
    if (loaded.points.empty()) {
        m_stack->hide();
        m_notice->say(engine::ProtectionState::NotProtected,
                      tr("There is no moment to go back to yet: the first snapshot is not complete "
                         "on %1.")
                          .arg(toQString(choice().replica)));
        m_notice->addButton(tr("Look Again"), [this] { load(); });
        emit changed();
        return;
    }
    const engine::TimelinePoint& newest = loaded.points.back();
    m_latestText->setText(
        tr("%1 · change %2")
            .arg(momentTitle(newest.time, presentTime()), changeText(newest.point.tx)));
    m_latest->setAccessibleDescription(m_latestText->text());
    m_stack->setCurrentWidget(m_chooser);
    m_latest->setChecked(true);
    useLatest();
    m_latest->setFocus();
}

void WhenPage::showFailure(const engine::Error& error) {
    m_stack->hide();
    m_notice->say(engine::ProtectionState::NeedsAttention,
                  tr("The history on %1 can't be read. %2")
                      .arg(toQString(choice().replica), sentencesOf(error)));
    m_notice->addButton(tr("Try Again"), [this] { load(); });
    emit changed();
}

void WhenPage::goTo() {
    const engine::Time now = presentTime();
    const QString typed = m_goTo->text();
    const auto wanted = parseGoTo(typed, now);
    if (!wanted) {
        m_goToAnswer->setText(typed.trimmed().isEmpty() ? QString()
                                                        : tr("a time, a day or a change number"));
        return;
    }
    const auto& points = m_model->points();
    auto found = findPoint(points, *wanted);
    QString answer;
    if (!found && wanted->moment && !points.empty()) {
        found = 0;
        answer = tr("the first moment is later: %1").arg(momentText(points.front().time, now));
    } else if (!found) {
        answer = tr("there is no such change here");
    } else if (wanted->moment) {
        answer = tr("then it was at %1").arg(changeText(points[*found].point.tx));
    }
    m_goToAnswer->setText(answer);
    if (found) {
        const QModelIndex index = m_model->index(m_model->rowOfIndex(*found), 0);
        m_table->setCurrentIndex(index);
        m_table->scrollTo(index, QAbstractItemView::PositionAtCenter);
    }
}

void WhenPage::useLatest() {
    if (m_model->points().empty()) {
        return;
    }
    choice().target = engine::RestoreTarget{};
    choice().moment = m_model->points().back().time;
    choice().plan.reset();
    emit changed();
}

void WhenPage::useSelected() {
    const engine::TimelinePoint* point = m_model->point(m_table->currentIndex().row());
    if (point == nullptr || !m_earlier->isChecked()) {
        return;
    }
    choice().target = targetOf(*point);
    choice().moment = point->time;
    choice().plan.reset();
    emit changed();
}

}  // namespace ui
