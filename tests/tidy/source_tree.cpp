// SPDX-License-Identifier: Apache-2.0
#include "tests/tidy/source_tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace fs = std::filesystem;

namespace {

SourceFile readSource(const fs::path& root, const fs::path& path) {
    SourceFile file;
    file.path = fs::relative(path, root).generic_string();
    std::ifstream in(path, std::ios::binary);
    std::ostringstream all;
    all << in.rdbuf();
    file.text = all.str();
    file.code = blankCommentsAndLiterals(file.text);
    std::istringstream lines(file.text);
    for (std::string line; std::getline(lines, line);) {
        file.lines.push_back(line);
    }
    return file;
}

/// Where the token that begins at `at` ends, if it is a comment or a literal; else at.
std::size_t endOfSkipped(const std::string& text, std::size_t at) {
    const auto after = [&](std::string_view mark, std::size_t from) {
        const std::size_t found = text.find(mark, from);
        return found == std::string::npos ? text.size() : found + mark.size();
    };
    if (text.compare(at, 2, "//") == 0) {
        return std::min(text.find('\n', at), text.size());
    }
    if (text.compare(at, 2, "/*") == 0) {
        return after("*/", at + 2);
    }
    if (text.compare(at, 2, "R\"") == 0) {
        const std::size_t open = text.find('(', at);
        if (open != std::string::npos) {
            return after(")" + text.substr(at + 2, open - at - 2) + "\"", open);
        }
    }
    const bool digitSeparator =
        text[at] == '\'' && at > 0 && std::isalnum(static_cast<unsigned char>(text[at - 1])) != 0;
    if ((text[at] != '"' && text[at] != '\'') || digitSeparator) {
        return at;
    }
    for (std::size_t i = at + 1; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == text[at] || text[i] == '\n') {
            return i + 1;
        }
    }
    return text.size();
}

}  // namespace

std::string SourceFile::room() const {
    const std::size_t first = path.find('/');
    const std::size_t second = path.find('/', first + 1);
    return path.substr(0, second == std::string::npos ? first : second);
}

std::vector<SourceFile> readSourceTree(const std::string& root) {
    std::vector<SourceFile> files;
    for (const char* top : {"app", "engine", "ui", "tests"}) {
        for (const auto& entry : fs::recursive_directory_iterator(fs::path(root) / top)) {
            const std::string extension = entry.path().extension().string();
            if (entry.is_regular_file() && (extension == ".h" || extension == ".cpp")) {
                files.push_back(readSource(root, entry.path()));
            }
        }
    }
    std::sort(files.begin(), files.end(), [](const SourceFile& a, const SourceFile& b) {
        return a.path < b.path;
    });
    return files;
}

std::string blankCommentsAndLiterals(const std::string& text) {
    std::string code = text;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = endOfSkipped(text, at);
        for (std::size_t i = at; i < end; ++i) {
            code[i] = text[i] == '\n' ? '\n' : ' ';
        }
        at = std::max(end, at + 1);
    }
    return code;
}

std::vector<Include> includesOf(const SourceFile& file) {
    std::vector<Include> includes;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        const std::string& line = file.lines[i];
        const std::size_t open = line.find_first_of("<\"");
        if (!line.starts_with("#include") || open == std::string::npos) {
            continue;
        }
        const bool quoted = line[open] == '"';
        const std::size_t close = line.find(quoted ? '"' : '>', open + 1);
        includes.push_back({i + 1, quoted, line.substr(open + 1, close - open - 1)});
    }
    return includes;
}
