// SPDX-License-Identifier: Apache-2.0
// "Restore…": from which replica, which moment, where to, review, and the run. Back works until
// Restore is pressed, Cancel until the file is put in place.
#pragma once

#include <vector>

#include <QDialog>

#include "ui/wizard/restore_choice.h"

class QLabel;
class QPushButton;
class QStackedWidget;

namespace ui {

class EngineBridge;
class FromPage;
class RestorePage;
class ReviewPage;
class RunPage;

class RestoreDialog final : public QDialog {
    Q_OBJECT

public:
    RestoreDialog(EngineBridge& bridge,
                  const engine::DatabaseStatus& database,
                  QWidget* parent = nullptr);

    /// Cancels a restore that runs; then, or where none does, closes.
    void reject() override;

private:
    static constexpr std::size_t kFrom = 0;
    static constexpr std::size_t kWhen = 1;
    static constexpr std::size_t kReview = 3;
    static constexpr std::size_t kRun = 4;

    void makePages(EngineBridge& bridge);
    QWidget* makeSteps();
    QWidget* makeBody();
    QWidget* makeButtons();
    std::size_t firstPage() const;
    void showPage(std::size_t index);
    void refresh();
    void refreshSteps();
    void openFolder();

    RestoreChoice m_choice;
    std::vector<RestorePage*> m_pages;
    FromPage* m_from = nullptr;
    ReviewPage* m_review = nullptr;
    RunPage* m_run = nullptr;
    std::size_t m_current = kFrom;

    std::vector<QLabel*> m_steps;
    QLabel* m_title = nullptr;
    QLabel* m_subtitle = nullptr;
    QStackedWidget* m_stack = nullptr;
    QPushButton* m_cancel = nullptr;
    QPushButton* m_back = nullptr;
    QPushButton* m_next = nullptr;
};

}  // namespace ui
