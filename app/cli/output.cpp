// SPDX-License-Identifier: Apache-2.0
#include "app/cli/output.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "app/common/local_time.h"
#include "app/common/quantity.h"

namespace cli {

using engine::ErrorCode;
using Json = nlohmann::ordered_json;

namespace {

std::size_t widthOf(std::string_view text) {
    // Code points; close enough for names and numbers.
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

std::string defaultFix(ErrorCode code, const Session& session) {
    switch (code) {
        case ErrorCode::InvalidArgument:
            return "see strandline-cli " + std::string(session.command) +
                   (session.command.empty() ? "--help" : " --help");
        case ErrorCode::NotFound:
            return "check the name";
        case ErrorCode::AlreadyExists:
            return "choose another name, or move what is there aside";
        case ErrorCode::Corruption:
            return "run verify on the replica, and use another replica if there is one";
        case ErrorCode::Discontinuity:
            return "try again";
        case ErrorCode::Io:
            return "look at the disk and at the system's log";
        case ErrorCode::NoSpace:
            return "free some space and try again";
        case ErrorCode::PermissionDenied:
            return "check owner and permissions";
        case ErrorCode::Refused:
            return "end what stands in the way and try again";
        case ErrorCode::Unavailable:
        case ErrorCode::Timeout:
            return "try again when the place can be reached";
        case ErrorCode::Cancelled:
            return "run it again";
        case ErrorCode::Unsupported:
            return "leave it out";
        case ErrorCode::Internal:
            break;
    }
    return "please report this with --log-level debug";
}

Json candidatesJson(const Outcome& outcome) {
    Json list = Json::array();
    for (const auto& [point, time, root] : outcome.candidates) {
        list.push_back({{"point", engine::toText(point)},
                        {"generation", point.generation.text()},
                        {"txId", point.tx.value},
                        {"time", engine::toRfc3339(time)}});
        if (root) {
            list.back()["root"] = root->text();
        }
    }
    return list;
}

}  // namespace

void printLine(std::string_view line) {
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
}

void printNote(const Session& session, std::string_view line) {
    if (!session.quiet) {
        const std::string whole = std::string(line) + "\n";
        std::fwrite(whole.data(), 1, whole.size(), stderr);
    }
}

bool flushOutput() {
    return std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
}

Table::Table(std::vector<std::string> head) {
    for (std::string& cell : head) {
        m_right.push_back(!cell.empty() && cell.front() == '>');
        cell = app::safeText(m_right.back() ? cell.substr(1) : cell);
    }
    m_rows.push_back(std::move(head));
}

void Table::add(std::vector<std::string> row) {
    row.resize(m_right.size());
    for (std::string& cell : row) {
        cell = app::safeText(cell);
    }
    m_rows.push_back(std::move(row));
}

void Table::print() const {
    std::vector<std::size_t> widths(m_right.size(), 0);
    for (const auto& row : m_rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], widthOf(row[i]));
        }
    }
    for (const auto& row : m_rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string pad(widths[i] - widthOf(row[i]), ' ');
            line += (i == 0 ? "" : "  ") + (m_right[i] ? pad + row[i] : row[i] + pad);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        printLine(line);
    }
}

std::string momentText(engine::Time time) {
    if (time.ms == 0) {
        return "never";
    }
    return app::toLocalText(time) + " (" + app::toRelativeText(time, engine::SystemClock().now()) +
           ")";
}

/// One document for whoever reads it: an object's keys beside "error", a list as "result".
static void addResult(Json& json, const std::string& result) {
    const Json found = Json::parse(result, nullptr, false);
    if (found.is_object()) {
        json.update(found);
    } else if (found.is_array()) {
        json["result"] = found;
    }
}

void printFailure(const Outcome& outcome, const Session& session, std::string_view defaultEffect) {
    if (!outcome.error.has_value()) {
        return;
    }
    const engine::Error& error = *outcome.error;
    const std::string message = app::safeText(error.message);
    const std::string effect = app::safeText(error.effect.empty() ? defaultEffect : error.effect);
    const std::string fix =
        app::safeText(error.fix.empty() ? defaultFix(error.code, session) : error.fix);
    const std::string line = "error: " + message + "; " + effect + "; " + fix + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
    for (const auto& [point, time, root] : outcome.candidates) {
        const std::string row = "  --point " + engine::toText(point) +
                                (root ? " --root " + root->text() : "") + "  " + momentText(time) +
                                "\n";
        std::fwrite(row.data(), 1, row.size(), stderr);
    }
    if (session.json) {
        Json json = {{"error",
                      {{"code", engine::toText(error.code)},
                       {"message", message},
                       {"effect", effect},
                       {"fix", fix}}}};
        if (!outcome.candidates.empty()) {
            json["error"]["candidates"] = candidatesJson(outcome);
        }
        addResult(json, outcome.result);
        printLine(json.dump(-1, ' ', false, Json::error_handler_t::replace));
    }
}

void printWarning(const Session& session, std::string_view text) {
    printNote(session, "warning: " + app::safeText(text));
}

ProgressBar::ProgressBar(const Session& session)
    : m_visible(!session.quiet && !session.json && ::isatty(STDERR_FILENO) == 1)
    , m_start(std::chrono::steady_clock::now())
    , m_last(m_start) {}

ProgressBar::~ProgressBar() {
    if (m_drawn) {
        std::fputs("\r\x1b[K", stderr);
    }
}

void ProgressBar::show(std::string_view stage, std::uint64_t done, std::uint64_t total) {
    using std::chrono::milliseconds;
    constexpr milliseconds kQuietFor{500};
    constexpr milliseconds kStep{100};
    constexpr std::uint64_t kCells = 30;
    const engine::Steady now = std::chrono::steady_clock::now();
    if (!m_visible || now - m_start < kQuietFor || (m_drawn && now - m_last < kStep)) {
        return;
    }
    m_last = now;
    m_drawn = true;
    std::string bar;
    if (total != 0) {
        const auto filled = static_cast<std::size_t>(static_cast<double>(kCells) *
                                                     static_cast<double>(std::min(done, total)) /
                                                     static_cast<double>(total));
        bar = " [" + std::string(filled, '#') + std::string(kCells - filled, '.') + "] " +
              app::toSizeLabel(done) + " of " + app::toSizeLabel(total);
    } else {
        bar = " " + app::toSizeLabel(done);
    }
    std::fprintf(stderr, "\r\x1b[K%s%s", std::string(stage).c_str(), bar.c_str());
    std::fflush(stderr);
}

}  // namespace cli
