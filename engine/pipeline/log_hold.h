// SPDX-License-Identifier: Apache-2.0
// While it lives, segments of the local log stay that a snapshot under way will read. Does not
// outlive its controller.
#pragma once

#include "engine/pipeline/controller.h"

namespace engine {

class Controller::LogHold {
public:
    ~LogHold();
    LogHold(const LogHold&) = delete;
    LogHold& operator=(const LogHold&) = delete;

private:
    friend class Controller;

    LogHold(Controller& owner, TxId from)
        : m_owner(owner)
        , m_from(from) {}

    Controller& m_owner;
    const TxId m_from;
};

}  // namespace engine
