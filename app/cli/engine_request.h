// SPDX-License-Identifier: Apache-2.0
// A request to the running engine whose reply is done or an error.
#pragma once

#include <string>

#include "app/cli/command.h"

namespace cli {

/// fields: the rest of the JSON object, for example R"("database":"notes")"; may be empty.
engine::Status askEngine(const Session& session,
                         const std::string& request,
                         const std::string& fields);
/// The text as a JSON string.
std::string jsonText(const std::string& text);

/// Prints done as the person or the script wants it.
Outcome doneWith(const Session& session, const std::string& note);

}  // namespace cli
