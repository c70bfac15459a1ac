#include "runtime/cli/options.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "compiler/base/diagnostics.h"

namespace rollout::cli {

namespace {

std::vector<std::string_view> choices_of(const Option& option) {
  std::vector<std::string_view> choices;
  if (option.metavar.find('|') == std::string_view::npos) return choices;
  std::string_view rest = option.metavar;
  while (true) {
    size_t bar = rest.find('|');
    choices.push_back(rest.substr(0, bar));
    if (bar == std::string_view::npos) return choices;
    rest.remove_prefix(bar + 1);
  }
}

const Option* find(const Syntax& syntax, std::string_view name) {
  for (const std::vector<Option>* options : {&syntax.options, &common_options()})
    for (const Option& option : *options)
      if (option.name == name) return &option;
  return nullptr;
}

OpError unknown_option(const Syntax& syntax, std::string_view name) {
  std::vector<std::string_view> known;
  for (const std::vector<Option>* options : {&syntax.options, &common_options()})
    for (const Option& option : *options) known.push_back(option.name);
  std::string_view meant = nearest(name, known);
  std::string hint = meant.empty() ? "it takes " + list_of(known) : fmt::format("did you mean `{}`?", meant);
  return {fmt::format("`rollout {}` has no option `{}`; {}", syntax.name, name, hint)};
}

Status take_option(const Syntax& syntax, const std::vector<std::string>& words, size_t& i,
                   Arguments& arguments) {
  const std::string& word = words[i];
  size_t equals = word.find('=');
  std::string_view name = std::string_view(word).substr(0, equals);
  const Option* option = find(syntax, name);
  if (option == nullptr) return unknown_option(syntax, name);
  bool inline_value = equals != std::string::npos;
  if (option->metavar.empty()) {
    if (inline_value) return OpError{fmt::format("`{}` takes no value", option->name)};
    arguments.options.emplace_back(option->name, "");
    return Done{};
  }
  bool optional = option->metavar.front() == '[';
  bool next = i + 1 < words.size() && !words[i + 1].starts_with("--");
  if (!inline_value && !next && !optional)
    return OpError{fmt::format("`{}` needs a value: {} {}", option->name, option->name, option->metavar)};
  std::string value = inline_value ? word.substr(equals + 1) : next ? words[++i] : "";
  std::vector<std::string_view> choices = choices_of(*option);
  if (!choices.empty() && std::find(choices.begin(), choices.end(), value) == choices.end()) {
    std::string_view meant = nearest(value, choices);
    std::string hint = meant.empty() ? "" : fmt::format("; did you mean `{}`?", meant);
    return OpError{fmt::format("`{}` takes {}, not `{}`{}", option->name, option->metavar, value, hint)};
  }
  if (!option->many && arguments.has(option->name))
    return OpError{fmt::format("`{}` is given twice", option->name)};
  arguments.options.emplace_back(option->name, std::move(value));
  return Done{};
}

std::string option_lines(const std::vector<Option>& options) {
  std::string out;
  for (const Option& option : options) {
    std::string left = fmt::format("{} {}", option.name, option.metavar);
    out += fmt::format("  {:<28} {}\n", left, option.help);
  }
  return out;
}

}  // namespace

bool Arguments::has(std::string_view name) const {
  return std::any_of(options.begin(), options.end(), [&](const auto& option) { return option.first == name; });
}

std::string Arguments::value(std::string_view name) const {
  std::string last;
  for (const auto& [option, value] : options)
    if (option == name) last = value;
  return last;
}

std::vector<std::string> Arguments::values(std::string_view name) const {
  std::vector<std::string> all;
  for (const auto& [option, value] : options)
    if (option == name) all.push_back(value);
  return all;
}

const std::vector<Option>& common_options() {
  static const std::vector<Option> options = {
      {"--color", "auto|always|never", "colours; auto: on a terminal, unless NO_COLOR is set"},
      {"--quiet", "", "print nothing but errors and what was asked for"},
      {"--verbose", "", "print everything"},
      {"--help", "", "this text"},
  };
  return options;
}

Result<Arguments> read_arguments(const Syntax& syntax, const std::vector<std::string>& words) {
  Arguments arguments;
  bool only_positional = false;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!only_positional && word == "--") only_positional = true;
    else if (!only_positional && word == "-h") arguments.options.emplace_back("--help", "");
    else if (!only_positional && word.size() > 1 && word[0] == '-') {
      if (Status taken = take_option(syntax, words, i, arguments); !taken) return taken.error();
    } else arguments.positional.push_back(word);
  }
  if (arguments.has("--help")) return arguments;
  size_t given = arguments.positional.size();
  if (given < syntax.least) return OpError{fmt::format("`rollout {}` needs {}", syntax.name, syntax.arguments)};
  if (given > syntax.most)
    return OpError{fmt::format("`rollout {}` takes {}; `{}` is too much", syntax.name,
                               syntax.arguments.empty() ? "no arguments" : syntax.arguments,
                               arguments.positional[syntax.most])};
  return arguments;
}

Result<int64_t> number_of(const Arguments& arguments, std::string_view name, int64_t fallback, int64_t least,
                          int64_t most) {
  if (!arguments.has(name)) return fallback;
  std::string text = arguments.value(name);
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most)
    return OpError{fmt::format("`{}` takes a whole number from {} to {}, not `{}`", name, least, most, text)};
  return number;
}

std::string help_text(const Syntax& syntax) {
  std::string usage = fmt::format("rollout {}", syntax.name);
  if (!syntax.arguments.empty()) usage += fmt::format(" {}", syntax.arguments);
  std::string out = fmt::format("{}\n\nusage: {} [OPTION…]\n\n{}\n\n", syntax.summary, usage, syntax.detail);
  if (!syntax.options.empty()) out += fmt::format("options\n{}\n", option_lines(syntax.options));
  out += fmt::format("for every command\n{}\n", option_lines(common_options()));
  out += fmt::format("example\n  {}\n", syntax.example);
  return out;
}

}  // namespace rollout::cli
