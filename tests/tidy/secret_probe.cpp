// SPDX-License-Identifier: Apache-2.0
// Compiled by single tests, never linked: variants 1 to 3 must not compile.
#include <ostream>

#include "engine/base/log.h"
#include "engine/base/secret.h"

void probe(const engine::Secret& secret, std::ostream& out);

void probe(const engine::Secret& secret, std::ostream& out) {
#if VARIANT == 0
    engine::log::base().info("secret empty={}", secret.empty());
    out << secret.empty();
#elif VARIANT == 1
    engine::log::base().info("secret value={}", secret);
    out << 1;
#elif VARIANT == 2
    out << fmt::format("{}", secret);
#elif VARIANT == 3
    out << secret;
#endif
}
