// SPDX-License-Identifier: Apache-2.0
// What a controller is made of: plain values.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/capture/capture.h"
#include "engine/config/config.h"
#include "engine/format/object_name.h"

namespace engine {

using CaptureFactory = std::function<Result<std::unique_ptr<Capture>>(const CaptureOptions&)>;

struct ControllerOptions {
    DatabaseConfig config;
    DatabaseLocation location;
    WriterId writer;
    std::string stateFolder;   // of this database: page map, spilled pages, ack journals
    std::size_t replicas = 0;  // how many lanes will report
    /// What the log may hold. Beyond it the changes that a replica still lacks are given up: it
    /// gets the state as a snapshot when it is back.
    std::uint64_t logBytesMax = 4ull << 30;
    const Clock* clock = nullptr;
    CaptureFactory makeCapture;
    /// Called when something was published or the status changed; must not block.
    std::function<void()> changed;
};

}  // namespace engine
