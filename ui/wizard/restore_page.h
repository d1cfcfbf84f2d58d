// SPDX-License-Identifier: Apache-2.0
// One page of the restore wizard. Owned by the dialog, which shares one choice with all of them.
#pragma once

#include <QWidget>

#include "ui/wizard/restore_choice.h"

namespace ui {

class EngineBridge;

class RestorePage : public QWidget {
    Q_OBJECT

public:
    RestorePage(EngineBridge& bridge, RestoreChoice& choice, QWidget* parent);

    virtual QString step() const = 0;   // in the list at the side
    virtual QString title() const = 0;  // "Where should it go?"

    virtual QString subtitle() const { return {}; }

    /// The page comes up: it shows what the choice says now.
    virtual void enter() {}

    /// "Next" may be pressed.
    virtual bool isComplete() const { return true; }

signals:
    /// Completeness or subtitle is another.
    void changed();

protected:
    EngineBridge& bridge() const noexcept { return m_bridge; }

    RestoreChoice& choice() const noexcept { return m_choice; }

private:
    EngineBridge& m_bridge;
    RestoreChoice& m_choice;
};

}  // namespace ui
