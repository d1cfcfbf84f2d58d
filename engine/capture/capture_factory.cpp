// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/capture_factory.h"

#include <utility>

#include "engine/capture/sqlite_capture.h"

namespace engine {

Result<std::unique_ptr<Capture>> createCapture(const CaptureOptions& options) {
    if (options.path.empty() || options.spillFolder.empty()) {
        return Error{ErrorCode::InvalidArgument, "capture needs a database and a spill folder"};
    }
    return createSqliteCapture(options, openSourceFolder(options.path));
}

std::unique_ptr<Capture> createSqliteCapture(const CaptureOptions& options,
                                             std::unique_ptr<SourceFolder> folder) {
    return std::make_unique<SqliteCapture>(options, std::move(folder));
}

}  // namespace engine
