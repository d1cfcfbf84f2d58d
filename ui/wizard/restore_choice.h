// SPDX-License-Identifier: Apache-2.0
// What the restore wizard has gathered so far; its pages read and fill it. GUI thread.
#pragma once

#include <optional>
#include <string>

#include <QString>

#include "ui/bridge/history_queries.h"

namespace ui {

struct RestoreChoice {
    engine::DatabaseStatus database;  // as it was when the wizard opened
    std::string replica;
    LoadedHistory history;  // of that replica; without history = not loaded
    engine::RestoreTarget target;
    engine::Time moment;  // of the target, as far as it is known
    std::optional<engine::RestorePlan> plan;
    QString targetPath;

    HistoryAddress address() const { return {replica, database.id}; }
};

engine::RestoreTarget targetOf(const engine::Point& point);
/// That point, and no other state of its number.
engine::RestoreTarget targetOf(const engine::TimelinePoint& point);

}  // namespace ui
