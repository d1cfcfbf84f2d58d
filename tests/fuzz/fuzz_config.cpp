// SPDX-License-Identifier: Apache-2.0
// The configuration file. What parses can be shown.
#include <cstddef>
#include <cstdint>

#include "engine/base/bytes.h"
#include "engine/config/config_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text = engine::textOf(std::as_bytes(std::span(data, size)));
    const auto loaded = engine::parseConfig(text);
    if (loaded.ok()) {
        ENSURE(!engine::effectiveConfigJson(loaded.value().config).empty());
    } else {
        ENSURE(!loaded.error().message.empty());
    }
    return 0;
}
