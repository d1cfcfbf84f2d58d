// SPDX-License-Identifier: Apache-2.0
// Names of stored objects: a text is the name of a part, to the byte, or it is refused.
#include <cstddef>
#include <cstdint>

#include "engine/base/bytes.h"
#include "engine/base/clock.h"
#include "engine/format/object_name.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text = engine::textOf(std::as_bytes(std::span(data, size)));
    const auto name = engine::PartName::parse(text);
    ENSURE(!name.ok() || name.value().text() == text);
    if (const auto time = engine::parseRfc3339(text); time.ok()) {
        const auto again = engine::parseRfc3339(engine::toRfc3339(time.value()));
        ENSURE(again.ok() && again.value() == time.value());
    }
    if (const auto time = engine::parseNameText(text); time.ok()) {
        const auto again = engine::parseNameText(engine::toNameText(time.value()));
        ENSURE(again.ok() && again.value() == time.value());
    }
    return 0;
}
