// SPDX-License-Identifier: Apache-2.0
#include "ui/wizard/restore_page.h"

namespace ui {

RestorePage::RestorePage(EngineBridge& bridge, RestoreChoice& choice, QWidget* parent)
    : QWidget(parent)
    , m_bridge(bridge)
    , m_choice(choice) {}

engine::RestoreTarget targetOf(const engine::Point& point) {
    engine::RestoreTarget target;
    target.kind = engine::RestoreTarget::Kind::Tx;
    target.generation = point.generation;
    target.tx = point.tx;
    return target;
}

engine::RestoreTarget targetOf(const engine::TimelinePoint& point) {
    engine::RestoreTarget target = targetOf(point.point);
    target.root = point.root;
    return target;
}

}  // namespace ui
