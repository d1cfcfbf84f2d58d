// SPDX-License-Identifier: Apache-2.0
// An engine's error as a person reads it: what happened, what it means for the data, what to do.
#pragma once

#include <QString>

#include "engine/api/engine.h"

namespace ui {

/// "What happened. Effect. Fix." Where the engine gave no effect or fix, its code's own is said.
QString sentencesOf(const engine::Error& error);
/// One capital letter and one full stop.
QString asSentence(const QString& text);

}  // namespace ui
