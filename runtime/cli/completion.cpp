#include "runtime/cli/completion.h"

#include <algorithm>

#include <fmt/format.h>

namespace rollout::cli {

namespace {

/// The words of `text|json`, one behind the other; empty: it names what may be anything.
std::string choices_of(std::string_view metavar) {
  std::string words(metavar);
  if (words.find('|') == std::string::npos || words.front() < 'a') return {};
  std::replace(words.begin(), words.end(), '|', ' ');
  return words;
}

/// Runs are known by names that nobody remembers.
bool takes_run(const Syntax& syntax) {
  return syntax.arguments.find("RUN") != std::string_view::npos;
}

bool takes_files(const Syntax& syntax) {
  for (std::string_view file : {"FILE", "PLAN", "PATH", "DIR"})
    if (syntax.arguments.find(file) != std::string_view::npos) return true;
  return false;
}

std::vector<Option> options_of(const Syntax& syntax) {
  std::vector<Option> all = syntax.options;
  all.insert(all.end(), common_options().begin(), common_options().end());
  return all;
}

/// In single quotes, where `escaped` says how the shell writes a quote between them.
std::string quoted(std::string_view text, std::string_view escaped) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') out += escaped;
    else out += c;
  }
  return out + "'";
}

/// In zsh's lists of options, a bracket ends a text and a colon begins the next.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_option(const Option& option) {
  std::string spec = fmt::format("{}{}[{}]", option.many ? "*" : "", option.name, zsh_text(option.help));
  const std::string choices = choices_of(option.metavar);
  if (!choices.empty()) spec += fmt::format(":choice:({})", choices);
  else if (!option.metavar.empty()) spec += fmt::format(":{}:_files", zsh_text(option.metavar));
  return quoted(spec, R"('\'')");
}

std::string fish_option(const Option& option, std::string_view when) {
  std::string line = fmt::format("complete -c rollout{} -l {}", when, option.name.substr(2));
  const std::string choices = choices_of(option.metavar);
  if (!choices.empty()) line += fmt::format(" -x -a '{}'", choices);
  else if (!option.metavar.empty()) line += " -r";
  return line + fmt::format(" -d {}\n", quoted(option.help, R"(\')"));
}

}  // namespace

std::string bash_completion(const std::vector<Command>& commands) {
  std::string names, values, options;
  for (const Command& command : commands) {
    const Syntax& syntax = command.syntax;
    names += fmt::format("{} ", syntax.name);
    options += fmt::format("    {}) words='", syntax.name);
    for (const Option& option : options_of(syntax)) {
      options += fmt::format("{} ", option.name);
      if (const std::string choices = choices_of(option.metavar); !choices.empty())
        values += fmt::format("    {}.{}) words='{}' ;;\n", syntax.name, option.name, choices);
    }
    options += fmt::format("'; runs={} others='{}' ;;\n", int(takes_run(syntax)), choices_of(syntax.arguments));
  }
  return fmt::format(R"sh(# bash completion for rollout: source it, or save it in /etc/bash_completion.d/rollout
_rollout() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} command=${{COMP_WORDS[1]}}
  local words='' runs=0 others=''
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '{}help version' -- "$current"))
    return
  fi
  case $command.$previous in
{}  esac
  if [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    return
  fi
  case $command in
    help) COMPREPLY=($(compgen -W '{}' -- "$current")) && return ;;
{}  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    ((runs)) && others=$("${{COMP_WORDS[0]}}" completion runs 2>/dev/null)
    COMPREPLY=($(compgen -W "$others" -- "$current"))
  fi
}}
complete -o default -F _rollout rollout
)sh",
                     names, values, names, options);
}

std::string zsh_completion(const std::vector<Command>& commands) {
  std::string names, cases;
  for (const Command& command : commands) {
    const Syntax& syntax = command.syntax;
    names += fmt::format("    {}\n", quoted(fmt::format("{}:{}", syntax.name, zsh_text(syntax.summary)), R"('\'')"));
    cases += fmt::format("    {})\n      _arguments", syntax.name);
    for (const Option& option : options_of(syntax)) cases += " \\\n        " + zsh_option(option);
    const std::string choices = choices_of(syntax.arguments);
    if (!choices.empty()) cases += fmt::format(" \\\n        '*:choice:({})'", choices);
    else if (takes_run(syntax)) cases += " \\\n        '*:run:_rollout_runs'";
    else if (takes_files(syntax)) cases += " \\\n        '*:file:_files'";
    cases += " ;;\n";
  }
  return fmt::format(R"sh(#compdef rollout
# zsh completion for rollout: source it, or save it as _rollout in a folder of $fpath
_rollout_runs() {{
  local -a runs
  runs=(${{(f)"$($program completion runs 2>/dev/null)"}})
  compadd -a runs
  _files
}}

_rollout() {{
  local -a commands
  commands=(
{}  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local program=$words[1] command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
{}  esac
}}

if [[ $funcstack[1] == _rollout ]]; then _rollout "$@"; else compdef _rollout rollout; fi
)sh",
                     names, cases);
}

std::string fish_completion(const std::vector<Command>& commands) {
  std::string out = "# fish completion for rollout: source it, or save it in ~/.config/fish/completions/rollout.fish\n";
  for (const Option& option : common_options()) out += fish_option(option, "");
  for (const Command& command : commands) {
    const Syntax& syntax = command.syntax;
    out += fmt::format("complete -c rollout -n __fish_use_subcommand -f -a {} -d {}\n", syntax.name,
                       quoted(syntax.summary, R"(\')"));
    const std::string when = fmt::format(" -n '__fish_seen_subcommand_from {}'", syntax.name);
    for (const Option& option : syntax.options) out += fish_option(option, when);
    if (const std::string choices = choices_of(syntax.arguments); !choices.empty())
      out += fmt::format("complete -c rollout{} -f -a '{}'\n", when, choices);
    if (takes_run(syntax))
      out += fmt::format("complete -c rollout{} -a '(rollout completion runs 2>/dev/null)' -d run\n", when);
  }
  return out;
}

}  // namespace rollout::cli
