// SPDX-License-Identifier: Apache-2.0
// The project's own sources as the tidy tests see them.
#pragma once

#include <string>
#include <vector>

struct SourceFile {
    std::string path;                // from the root, with '/'
    std::string text;                // as it is
    std::string code;                // the same lines with comments and literals blanked
    std::vector<std::string> lines;  // of text

    bool isHeader() const { return path.ends_with(".h"); }

    /// "engine/format", "ui/views", "app/cli", "tests/format": the first two folders.
    std::string room() const;
};

struct Include {
    std::size_t line = 0;  // from 1
    bool quoted = false;
    std::string target;
};

/// Every .h and .cpp below app, engine, ui and tests, sorted by path.
std::vector<SourceFile> readSourceTree(const std::string& root);
/// Comments and the insides of literals become blanks; lines stay where they are.
std::string blankCommentsAndLiterals(const std::string& text);
std::vector<Include> includesOf(const SourceFile& file);
