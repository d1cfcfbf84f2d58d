// SPDX-License-Identifier: Apache-2.0
#include "app/cli/command_line.h"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "app/cli/generate.h"
#include "app/cli/help.h"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;

/// One option or positional of the parser with its key in Args.
struct Bound {
    std::string key;
    CLI::Option* option;
};

struct BoundCommand {
    const CommandSpec* spec;
    CLI::App* app;
    std::vector<Bound> bound;
};

Bound bindOption(CLI::App& app, const OptionSpec& spec) {
    const std::string names(spec.names);
    CLI::Option* option =
        spec.value.empty() ? app.add_flag(names) : app.add_option(names)->expected(1);
    return Bound{keyOf(spec), option};
}

/// The command line as CLI11 knows it, made from the table.
class Parser {
public:
    Parser() {
        m_root.fallthrough();
        m_root.require_subcommand(0, 1);
        for (const OptionSpec& option : globalOptions()) {
            m_globals.push_back(bindOption(m_root, option));
        }
        m_version = m_root.add_flag("--version");
        m_generate = m_root.add_option("--generate")->expected(1);
        for (const CommandSpec& spec : commandTable()) {
            addCommand(spec);
        }
    }

    std::variant<Parsed, TextWanted, WrongUse> parse(int argc, char** argv) {
        const bool json = std::any_of(argv + 1, argv + argc, [](const char* arg) {
            return std::string_view(arg) == "--json";
        });
        try {
            m_root.parse(argc, argv);
        } catch (const CLI::CallForHelp&) {
            return TextWanted{helpOf(chosenName())};
        } catch (const CLI::ParseError& error) {
            return WrongUse{explain(error), json};
        }
        if (m_version->count() > 0) {
            return TextWanted{"strandline-cli " STRANDLINE_VERSION "\n"};
        }
        if (m_generate->count() > 0) {
            return generated(json);
        }
        return chosen(json);
    }

private:
    void addCommand(const CommandSpec& spec) {
        CLI::App* parent = &m_root;
        std::string name(spec.name);
        if (const std::size_t space = name.find(' '); space != std::string::npos) {
            parent = groupOf(name.substr(0, space));
            name.erase(0, space + 1);
        }
        CLI::App* app = parent->add_subcommand(name);
        // What a command will take one day is not a wrong use today: it keeps whatever follows.
        app->fallthrough(spec.run != nullptr);
        app->allow_extras(spec.run == nullptr);
        BoundCommand command{&spec, app, {}};
        for (const OptionSpec& option : spec.options) {
            command.bound.push_back(bindOption(*app, option));
        }
        for (const PositionalSpec& positional : spec.positionals) {
            CLI::Option* option = app->add_option(std::string(positional.name));
            option->expected(std::max(1, positional.least), positional.most);
            option->allow_extra_args(positional.most > 1);
            option->required(positional.least > 0);
            command.bound.push_back(Bound{std::string(positional.name), option});
        }
        m_commands.push_back(std::move(command));
    }

    CLI::App* groupOf(const std::string& name) {
        const auto named = [&name](const CLI::App* app) { return app->get_name() == name; };
        if (const std::vector<CLI::App*> known = m_root.get_subcommands(named); !known.empty()) {
            return known.front();
        }
        CLI::App* group = m_root.add_subcommand(name);
        group->fallthrough();
        group->require_subcommand(0, 1);
        return group;
    }

    /// "" = none, "config" = a group without one of its commands.
    std::string chosenName() const {
        std::string name;
        for (const CLI::App* app = &m_root; !app->get_subcommands().empty();) {
            app = app->get_subcommands().front();
            name += (name.empty() ? "" : " ") + app->get_name();
        }
        return name;
    }

    Error explain(const CLI::ParseError& error) const {
        const std::string name = chosenName();
        const std::vector<std::string> extras = m_root.remaining(true);
        Error result{ErrorCode::InvalidArgument, error.what()};
        if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) &&
            !extras.empty()) {
            result.message = name.empty() ? "there is no command \"" + extras.front() + "\""
                                          : name + " takes no \"" + extras.front() + "\"";
            const std::string nearest = engine::nearestName(extras.front(), namesAround(name));
            if (!nearest.empty()) {
                result.message += ", did you mean " + nearest + "?";
            }
        } else if (!name.empty()) {
            result.message.insert(0, name + ": ");
        }
        return std::move(result).withFix("see strandline-cli " + name + (name.empty() ? "" : " ") +
                                         "--help");
    }

    static std::vector<std::string> namesAround(const std::string& command) {
        std::vector<std::string> names;
        const auto addKeys = [&names](std::span<const OptionSpec> options) {
            for (const OptionSpec& option : options) {
                names.push_back(keyOf(option));
            }
        };
        for (const CommandSpec& spec : commandTable()) {
            if (command.empty() && !spec.hidden) {
                names.emplace_back(spec.name);
            } else if (command == spec.name) {
                addKeys(spec.options);
            }
        }
        addKeys(globalOptions());
        return names;
    }

    std::variant<Parsed, TextWanted, WrongUse> generated(bool json) const {
        const std::string kind = m_generate->results().front();
        std::string text = generateFile(kind);
        if (text.empty()) {
            return WrongUse{
                Error{ErrorCode::InvalidArgument, "--generate takes man, bash, zsh or fish"}, json};
        }
        return TextWanted{std::move(text)};
    }

    std::variant<Parsed, TextWanted, WrongUse> chosen(bool json) const {
        const std::string name = chosenName();
        const auto command =
            std::find_if(m_commands.begin(), m_commands.end(), [&name](const BoundCommand& each) {
                return each.spec->name == name;
            });
        if (command == m_commands.end()) {
            return WrongUse{
                Error{ErrorCode::InvalidArgument,
                      name.empty() ? "no command was given" : name + " is not a command by itself"}
                    .withFix("see strandline-cli " + name + (name.empty() ? "" : " ") + "--help"),
                json};
        }
        Parsed parsed;
        parsed.command = command->spec;
        collect(command->bound, parsed.args);
        collect(m_globals, parsed.globals);
        if (json) {
            parsed.globals.add("--json", "true");
        }
        return parsed;
    }

    static void collect(const std::vector<Bound>& bound, Args& to) {
        for (const Bound& each : bound) {
            if (each.option->count() == 0) {
                continue;
            }
            for (const std::string& value : each.option->results()) {
                to.add(each.key, value);
            }
        }
    }

    CLI::App m_root;
    std::vector<Bound> m_globals;
    CLI::Option* m_version = nullptr;
    CLI::Option* m_generate = nullptr;
    std::vector<BoundCommand> m_commands;
};

}  // namespace

std::variant<Parsed, TextWanted, WrongUse> parseCommandLine(int argc, char** argv) {
    Parser parser;
    return parser.parse(argc, argv);
}

}  // namespace cli
