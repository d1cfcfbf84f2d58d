// SPDX-License-Identifier: Apache-2.0
// Checks of Result and Status that print the error.
#pragma once

#include <QtTest>

#include "engine/base/result.h"

#define VERIFY_OK(result)                                                               \
    do {                                                                                \
        const auto& checked_ = (result);                                                \
        QVERIFY2(checked_.ok(), checked_.ok() ? "" : checked_.error().message.c_str()); \
    } while (false)

#define COMPARE_CODE(result, wanted)                         \
    do {                                                     \
        const auto& checked_ = (result);                     \
        QVERIFY2(!checked_.ok(), "it succeeded");            \
        QCOMPARE(engine::toText(checked_.error().code),      \
                 engine::toText(engine::ErrorCode::wanted)); \
    } while (false)
