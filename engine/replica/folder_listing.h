// SPDX-License-Identifier: Apache-2.0
// The files below a folder as object names in the order of names, a page at a time. Memory: one
// page of names a level, whatever the folders hold.
#pragma once

#include "engine/replica/folder.h"
#include "engine/replica/replica.h"

namespace engine {

/// Names that begin with prefix and sort after startAfter, at most limit. What is not named like
/// an object, no plain file or behind a symlink is not listed.
Result<ListPage> listFolderObjects(const Folder& root,
                                   std::string_view prefix,
                                   std::string_view startAfter,
                                   std::size_t limit,
                                   const std::stop_token& stop);

}  // namespace engine
