// SPDX-License-Identifier: Apache-2.0
#include "app/cli/help.h"

#include <algorithm>

namespace cli {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;

std::string labelOf(const OptionSpec& option) {
    std::string names(option.names);
    if (const std::size_t comma = names.find(','); comma != std::string::npos) {
        names.insert(comma + 1, " ");
    }
    return names + (option.value.empty() ? "" : " " + std::string(option.value));
}

/// Two columns; a long text goes on under its own beginning.
std::string columns(const Rows& rows) {
    constexpr std::size_t kWidth = 100;
    std::size_t left = 0;
    for (const auto& row : rows) {
        left = std::max(left, row.first.size());
    }
    std::string text;
    for (const auto& [label, words] : rows) {
        std::string line = "  " + label + std::string(left - label.size() + 2, ' ');
        const std::string indent(left + 4, ' ');
        std::size_t column = line.size();
        for (std::size_t at = 0; at < words.size();) {
            const std::size_t end = std::min(words.find(' ', at), words.size());
            if (column + (end - at) > kWidth && column > indent.size()) {
                line.erase(line.find_last_not_of(' ') + 1);
                line += "\n" + indent;
                column = indent.size();
            }
            line.append(words, at, end - at);
            line += end < words.size() ? " " : "";
            column += end - at + 1;
            at = end + 1;
        }
        text += line + "\n";
    }
    return text;
}

Rows optionRows(std::span<const OptionSpec> options) {
    Rows rows;
    for (const OptionSpec& option : options) {
        rows.emplace_back(labelOf(option), option.help);
    }
    return rows;
}

Rows globalRows() {
    Rows rows = optionRows(globalOptions());
    rows.emplace_back("-h, --help", "explain the program or a command");
    rows.emplace_back("--version", "print the version");
    return rows;
}

std::string ofCommand(const CommandSpec& spec) {
    std::string text =
        "usage: strandline-cli " + usageOf(spec) + "\n\n" + std::string(spec.summary) + "\n";
    if (spec.run == nullptr) {
        return text + "\nThis command is not available in this version.\n";
    }
    if (!spec.detail.empty()) {
        text += "\n" + std::string(spec.detail) + "\n";
    }
    Rows rows;
    for (const PositionalSpec& positional : spec.positionals) {
        rows.emplace_back(positional.name, positional.help);
    }
    for (const auto& row : optionRows(spec.options)) {
        rows.push_back(row);
    }
    if (!rows.empty()) {
        text += "\narguments:\n" + columns(rows);
    }
    return text + "\nfor every command:\n" + columns(globalRows()) + "\nexample:\n  " +
           std::string(spec.example) + "\n";
}

Rows commandRows(std::string_view group, bool available) {
    Rows rows;
    for (const CommandSpec& spec : commandTable()) {
        const bool inside =
            group.empty() || spec.name.substr(0, group.size() + 1) == std::string(group) + " ";
        if (inside && !spec.hidden && (spec.run != nullptr) == available) {
            rows.emplace_back(spec.name, spec.summary);
        }
    }
    return rows;
}

std::string overview() {
    std::string text =
        "usage: strandline-cli COMMAND [OPTION]...\n\n"
        "Records every change of SQLite databases while it happens, keeps the record in places of\n"
        "your choice, and brings any moment back.\n\n"
        "commands:\n" +
        columns(commandRows("", true)) + "\nnot available in this version:\n" +
        columns(commandRows("", false)) + "\nfor every command:\n" + columns(globalRows());
    text +=
        "\nA replica is given as file:///path, s3://bucket/prefix, sftp://user@host/path or\n"
        "nats://host:4222/bucket/prefix. Secrets come from the environment, never from the URL.\n"
        "\nexit codes: 0 done, 1 failed, 2 wrong use or configuration, 3 no such thing, 4 done in "
        "part,\n"
        "            5 refused because it would harm, 130 interrupted\n"
        "\nexample:\n"
        "  strandline-cli replicate ~/notes/notes.db file:///media/backup/strandline\n";
    return text;
}

}  // namespace

std::string keyOf(const OptionSpec& option) {
    return std::string(option.names.substr(option.names.rfind(',') + 1));
}

std::string usageOf(const CommandSpec& spec) {
    std::string text(spec.name);
    text += spec.options.empty() ? "" : " [OPTION]...";
    for (const PositionalSpec& positional : spec.positionals) {
        const std::string name = std::string(positional.name) + (positional.most > 1 ? "..." : "");
        text += positional.least == 0 ? " [" + name + "]" : " " + name;
    }
    return text;
}

std::string helpOf(std::string_view name) {
    for (const CommandSpec& spec : commandTable()) {
        if (spec.name == name) {
            return ofCommand(spec);
        }
    }
    const Rows inside = commandRows(name, true);
    if (name.empty() || inside.empty()) {
        return overview();
    }
    return "usage: strandline-cli " + std::string(name) + " COMMAND [OPTION]...\n\ncommands:\n" +
           columns(inside);
}

}  // namespace cli
