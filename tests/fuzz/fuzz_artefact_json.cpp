// SPDX-License-Identifier: Apache-2.0
// Head and summary of an artefact: what parses is written to text that parses to the same.
#include <cstddef>
#include <cstdint>

#include "engine/format/artefact_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text = engine::textOf(std::as_bytes(std::span(data, size)));
    if (const auto head = engine::parseHead(text); head.ok()) {
        const std::string written = engine::headToJson(head.value());
        const auto again = engine::parseHead(written);
        ENSURE(again.ok() || written.size() > engine::kHeadBytesMax);
        ENSURE(!again.ok() || engine::headToJson(again.value()) == written);
    }
    if (const auto summary = engine::parseSummary(text); summary.ok()) {
        const std::string written = engine::summaryToJson(summary.value());
        const auto again = engine::parseSummary(written);
        ENSURE(again.ok() && engine::summaryToJson(again.value()) == written);
    }
    return 0;
}
