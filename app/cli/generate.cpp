// SPDX-License-Identifier: Apache-2.0
#include "app/cli/generate.h"

#include <set>

#include "app/cli/help.h"

namespace cli {
namespace {

std::vector<const CommandSpec*> availableCommands() {
    std::vector<const CommandSpec*> list;
    for (const CommandSpec& spec : commandTable()) {
        if (spec.run != nullptr && !spec.hidden) {
            list.push_back(&spec);
        }
    }
    return list;
}

std::vector<std::string> namesOf(const OptionSpec& option) {
    std::vector<std::string> names;
    std::string_view rest = option.names;
    while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        names.emplace_back(rest.substr(0, comma));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return names;
}

/// '-' is a minus, not a hyphen; a dot at the start of a line is not a request.
std::string roff(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '-' || c == '\\') {
            out += c == '-' ? "\\-" : "\\e";
        } else {
            out += c;
        }
    }
    return !out.empty() && (out.front() == '.' || out.front() == '\'') ? "\\&" + out : out;
}

std::string manOptions(std::span<const OptionSpec> options) {
    std::string text;
    for (const OptionSpec& option : options) {
        text += ".TP\n";
        std::string names;
        for (const std::string& name : namesOf(option)) {
            names += (names.empty() ? "\\fB" : ", \\fB") + roff(name) + "\\fR";
        }
        text += names + (option.value.empty() ? "" : " \\fI" + roff(option.value) + "\\fR") + "\n";
        text += roff(option.help) + "\n";
    }
    return text;
}

std::string manPage() {
    std::string text =
        ".TH STRANDLINE\\-CLI 1 \"\" \"strandline " STRANDLINE_VERSION
        "\"\n.SH NAME\n"
        "strandline\\-cli \\- record every change of SQLite databases and bring any moment back\n"
        ".SH SYNOPSIS\n.B strandline\\-cli\n.I COMMAND\n[\\fIOPTION\\fR]...\n.SH COMMANDS\n";
    for (const CommandSpec* spec : availableCommands()) {
        text += ".SS " + roff(usageOf(*spec)) + "\n" + roff(spec->summary) + ".\n";
        text += spec->detail.empty() ? "" : ".PP\n" + roff(spec->detail) + "\n";
        for (const PositionalSpec& positional : spec->positionals) {
            text += ".TP\n\\fI" + roff(positional.name) + "\\fR\n" + roff(positional.help) + "\n";
        }
        text += manOptions(spec->options) + ".PP\nExample:\n.PP\n.RS\n.nf\n" + roff(spec->example) +
                "\n.fi\n.RE\n";
    }
    text += ".SH OPTIONS FOR EVERY COMMAND\n" + manOptions(globalOptions());
    text +=
        ".SH EXIT STATUS\n0 done; 1 failed; 2 wrong use or configuration; 3 no such thing; 4 done "
        "in part;\n"
        "5 refused because it would harm; 130 interrupted.\n"
        ".SH FILES\n.TP\n\\fI$XDG_CONFIG_HOME/strandline/config.json\\fR\nThe configuration.\n"
        ".TP\n\\fI$XDG_STATE_HOME/strandline\\fR\nThe state folder.\n";
    return text;
}

bool isPath(std::string_view value) {
    return value == "FILE" || value == "DIR" || value == "OUT" || value == "DATABASE";
}

std::string wordsOf(std::span<const OptionSpec> options) {
    std::string words;
    for (const OptionSpec& option : options) {
        for (const std::string& name : namesOf(option)) {
            words += (words.empty() ? "" : " ") + name;
        }
    }
    return words;
}

/// First words of the commands, each once: "config", not "config check".
std::string firstWords() {
    std::set<std::string> seen;
    std::string words;
    for (const CommandSpec* spec : availableCommands()) {
        const std::string word(spec->name.substr(0, spec->name.find(' ')));
        if (seen.insert(word).second) {
            words += (words.empty() ? "" : " ") + word;
        }
    }
    return words;
}

/// "check show" of "config".
std::string secondWords(std::string_view first) {
    std::string words;
    for (const CommandSpec* spec : availableCommands()) {
        const std::size_t space = spec->name.find(' ');
        if (space != std::string_view::npos && spec->name.substr(0, space) == first) {
            words += (words.empty() ? "" : " ") + std::string(spec->name.substr(space + 1));
        }
    }
    return words;
}

std::string bashCompletion() {
    std::string text =
        "# completion of strandline-cli for bash\n"
        "_strandline_cli() {\n"
        "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
        "    local command=${COMP_WORDS[1]} words=\n"
        "    COMPREPLY=()\n"
        "    case $previous in\n"
        "        --config|--state-dir|--log-file|-o|--output|--keep)\n"
        "            COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
        "        --log-level) COMPREPLY=($(compgen -W 'error warn info debug trace' -- "
        "\"$current\")); return ;;\n"
        "    esac\n"
        "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
        "        COMPREPLY=($(compgen -W '" +
        firstWords() + " " + wordsOf(globalOptions()) +
        "' -- \"$current\")); return\n"
        "    fi\n"
        "    case $command in\n";
    std::set<std::string> seen;
    for (const CommandSpec* spec : availableCommands()) {
        const std::string first(spec->name.substr(0, spec->name.find(' ')));
        if (seen.insert(first).second) {
            text += "        " + first + ") words='" + secondWords(first) + " " +
                    wordsOf(spec->options) + "' ;;\n";
        }
    }
    return text +
           "    esac\n"
           "    case $current in\n"
           "        -*) COMPREPLY=($(compgen -W \"$words " +
           wordsOf(globalOptions()) +
           "\" -- \"$current\")) ;;\n"
           "        *) COMPREPLY=($(compgen -W \"$words\" -- \"$current\") $(compgen -f -- "
           "\"$current\")) ;;\n"
           "    esac\n"
           "}\n"
           "complete -o filenames -F _strandline_cli strandline-cli\n";
}

/// For a shell's single quotes; ':' and brackets mean something in zsh's descriptions.
std::string quoted(std::string_view text, bool zsh) {
    std::string out;
    for (const char c : text) {
        if (c == '\'') {
            out += "'\\''";
        } else if (zsh && (c == ':' || c == '[' || c == ']')) {
            out += std::string("\\") + c;
        } else {
            out += c;
        }
    }
    return out;
}

std::string zshOptions(std::span<const OptionSpec> options) {
    std::string text;
    for (const OptionSpec& option : options) {
        for (const std::string& name : namesOf(option)) {
            text += " '" + name + "[" + quoted(option.help, true) + "]";
            if (!option.value.empty()) {
                text += ":" + quoted(option.value, true) + ":" +
                        (isPath(option.value) ? "_files" : " ");
            }
            text += "'";
        }
    }
    return text;
}

std::string zshCompletion() {
    std::string text =
        "#compdef strandline-cli\n"
        "_strandline_cli() {\n"
        "    if (( CURRENT == 2 )); then\n"
        "        compadd -- " +
        firstWords() +
        "\n        return\n"
        "    fi\n"
        "    local command=${words[2]}\n"
        "    case $command in\n";
    std::set<std::string> seen;
    for (const CommandSpec* spec : availableCommands()) {
        const std::string first(spec->name.substr(0, spec->name.find(' ')));
        if (!seen.insert(first).second) {
            continue;
        }
        const std::string second = secondWords(first);
        text += "        " + first + ")\n";
        text += second.empty()
                    ? ""
                    : "            (( CURRENT == 3 )) && { compadd -- " + second + "; return }\n";
        text += "            _arguments" + zshOptions(spec->options) + zshOptions(globalOptions()) +
                " '*:file:_files' ;;\n";
    }
    return text + "    esac\n}\n_strandline_cli \"$@\"\n";
}

std::string fishOptions(std::span<const OptionSpec> options, const std::string& condition) {
    std::string text;
    for (const OptionSpec& option : options) {
        text += "complete -c strandline-cli" + condition;
        for (const std::string& name : namesOf(option)) {
            text += name.substr(0, 2) == "--" ? " -l " + name.substr(2) : " -s " + name.substr(1);
        }
        text += option.value.empty() ? "" : isPath(option.value) ? " -rF" : " -x";
        text += " -d '" + quoted(option.help, false) + "'\n";
    }
    return text;
}

std::string fishCompletion() {
    std::string text =
        "# completion of strandline-cli for fish\n" + fishOptions(globalOptions(), "");
    std::set<std::string> seen;
    for (const CommandSpec* spec : availableCommands()) {
        const std::string first(spec->name.substr(0, spec->name.find(' ')));
        if (!seen.insert(first).second) {
            continue;
        }
        const std::string second = secondWords(first);
        text += "complete -c strandline-cli -n __fish_use_subcommand -f -a " + first + " -d '" +
                quoted(second.empty() ? spec->summary : second, false) + "'\n";
        const std::string condition = " -n '__fish_seen_subcommand_from " + first + "'";
        text += second.empty()
                    ? ""
                    : "complete -c strandline-cli" + condition + " -f -a '" + second + "'\n";
        text += fishOptions(spec->options, condition);
    }
    return text;
}

}  // namespace

std::string generateFile(std::string_view kind) {
    if (kind == "man") {
        return manPage();
    }
    if (kind == "bash") {
        return bashCompletion();
    }
    if (kind == "zsh") {
        return zshCompletion();
    }
    return kind == "fish" ? fishCompletion() : std::string();
}

}  // namespace cli
