// SPDX-License-Identifier: Apache-2.0
// Everything that is printed: results to standard output, progress and errors to standard error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/command.h"

namespace cli {

/// One line to standard output.
void printLine(std::string_view line);
/// One line to standard error, unless --quiet.
void printNote(const Session& session, std::string_view line);
/// False: something could not be written (a full disk, a closed pipe).
bool flushOutput();

/// Rows under a head, columns as wide as their widest cell; a head that begins with '>' is that of
/// a column whose cells stand at its right.
class Table {
public:
    explicit Table(std::vector<std::string> head);
    void add(std::vector<std::string> row);
    void print() const;

private:
    std::vector<std::vector<std::string>> m_rows;  // the first is the head
    std::vector<bool> m_right;
};

/// "2026-06-14 14:02:11.123 (3 min ago)"
std::string momentText(engine::Time time);

/// The line "error: WHAT; EFFECT; FIX", and with --json the object too.
void printFailure(const Outcome& outcome, const Session& session, std::string_view defaultEffect);
void printWarning(const Session& session, std::string_view text);

/// A bar on a terminal, nothing elsewhere. Shown from half a second on.
class ProgressBar {
public:
    explicit ProgressBar(const Session& session);
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    void show(std::string_view stage, std::uint64_t done, std::uint64_t total);

private:
    bool m_visible;
    bool m_drawn = false;
    engine::Steady m_start;
    engine::Steady m_last;
};

}  // namespace cli
