#include "runtime/cli/cli.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/diagnostics.h"
#include "compiler/base/visible.h"
#include "compiler/plan/plan.h"
#include "runtime/cli/command.h"
#include "runtime/cli/log_file.h"
#include "runtime/cli/project.h"
#include "runtime/cli/settings.h"
#include "runtime/journal/event.h"
#include "runtime/journal/postgresql_store.h"

namespace rollout::cli {

namespace {

const Command* find_command(std::string_view name) {
  for (const Command& command : commands())
    if (command.syntax.name == name) return &command;
  return nullptr;
}

std::string overview() {
  std::string out =
      "rollout: releases that check themselves and go back when they are worse\n\nusage: rollout COMMAND "
      "[OPTION…]\n\n";
  for (const Command& command : commands())
    out += fmt::format("  {:<14} {}\n", command.syntax.name, command.syntax.summary);
  out += fmt::format("  {:<14} {}\n", "version", "the version of this program and of its formats");
  out += "\nrollout COMMAND --help says more.\n\nexample\n  rollout check shop.rollout\n";
  return out;
}

/// What was typed may be as long as a command line: a message shows how it begins, and how the message ends.
std::string short_message(std::string_view message) {
  constexpr size_t most = 2000, kept = 500;  // bytes
  if (message.size() <= most) return std::string(message);
  auto inside = [&](size_t at) { return (uint8_t(message[at]) & 0xC0) == 0x80; };
  size_t begin = kept, end = message.size() - kept;
  while (begin > 0 && inside(begin)) --begin;
  while (end < message.size() && inside(end)) ++end;
  return fmt::format("{} … {}", message.substr(0, begin), message.substr(end));
}

int unknown_command(Env& env, std::string_view name) {
  std::vector<std::string_view> known;
  for (const Command& command : commands()) known.push_back(command.syntax.name);
  known.push_back("version");
  known.push_back("help");
  std::string_view meant = nearest(name, known);
  std::string hint = meant.empty() ? "`rollout help` lists them" : fmt::format("did you mean `{}`?", meant);
  env.err(visible(short_message(fmt::format("rollout: there is no command `{}`; {}\n", name, hint))));
  return Usage;
}

bool colored(const Env& env, const std::string& wanted, bool terminal) {
  if (wanted == "always" || wanted == "never") return wanted == "always";
  return terminal && env.variable("NO_COLOR").value_or("").empty() &&
         env.variable("TERM").value_or("dumb") != "dumb";
}

/// The locale says which characters the reader's terminal can show.
bool speaks_utf8(const Env& env) {
  std::string locale;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    locale = env.variable(name).value_or("");
    if (!locale.empty()) break;
  }
  for (char& c : locale) c = char(c >= 'a' && c <= 'z' ? c - 32 : c);
  return locale.find("UTF-8") != std::string::npos || locale.find("UTF8") != std::string::npos;
}

/// What was said first: by a flag, by the environment, by rollout.toml.
std::string first_of(const Env& env, const Arguments& args, const char* flag, const char* variable,
                     const std::string& setting, const char* otherwise) {
  if (args.has(flag)) return args.value(flag);
  std::string wanted = env.variable(variable).value_or("");
  if (wanted.empty()) wanted = setting;
  return wanted.empty() ? otherwise : wanted;
}

bool flag_of(const Env& env, const Arguments& args, const char* flag, const char* variable, bool setting) {
  if (args.has(flag)) return true;
  std::string wanted = env.variable(variable).value_or("");
  return wanted.empty() ? setting : wanted != "0" && wanted != "false";
}

/// A format that this command does not have is meant for others.
std::string format_of(const Syntax& syntax, const std::string& wanted) {
  for (const Option& option : syntax.options)
    if (option.name == "--format" &&
        fmt::format("|{}|", option.metavar).find(fmt::format("|{}|", wanted)) != std::string::npos)
      return wanted;
  return "text";
}

bool takes(const Syntax& syntax, std::string_view option) {
  return std::any_of(syntax.options.begin(), syntax.options.end(),
                     [&](const Option& one) { return one.name == option; });
}

int run_logged(Context& context, const Command& command, std::string path) {
  LogFile log(context.env.effects(), path, command.syntax.name);
  context.log = &log;
  log.write(Level::Info, "began", "", fmt::format("rollout {} {}", ROLLOUT_VERSION, command.syntax.name));
  int code = command.run(context);
  log.write(code == Ok ? Level::Info : Level::Warn, "ended", "", fmt::format("exit code {}", code));
  context.log = nullptr;
  if (!log.lost().empty())
    context.fail(code, fmt::format("not everything that happened is in {}: {}", path, log.lost()));
  return code;
}

int run_command(Env& env, const Command& command, const std::vector<std::string>& words) {
  Result<Arguments> args = read_arguments(command.syntax, words);
  if (!args) {
    std::string message = short_message(args.error().message);
    env.err(visible(fmt::format("rollout: {}; see `rollout {} --help`\n", message, command.syntax.name)));
    return Usage;
  }
  if (args->has("--help")) {
    env.out(help_text(command.syntax));
    return Ok;
  }
  bool unicode = speaks_utf8(env);
  CliSettings settings = settings_of(project_of(env.directory, "."));
  std::string color = first_of(env, *args, "--color", "ROLLOUT_COLOR", settings.color, "auto");
  std::string format = first_of(env, *args, "--format", "ROLLOUT_FORMAT", settings.format, "text");
  Style style{colored(env, color, env.terminals.output), unicode, env.terminals.columns};
  Style error_style{colored(env, color, env.terminals.errors), unicode, env.terminals.columns};
  if (!error_style.color) env.err = [err = env.err](std::string_view text) { err(visible(text)); };
  Context context{env,
                  *args,
                  style,
                  error_style,
                  args->has("--format") ? format : format_of(command.syntax, format),
                  flag_of(env, *args, "--quiet", "ROLLOUT_QUIET", settings.quiet),
                  flag_of(env, *args, "--verbose", "ROLLOUT_VERBOSE", settings.verbose)};
  if (takes(command.syntax, "--state")) {
    context.state = first_of(env, *args, "--state", "ROLLOUT_STATE", "", "");
    Result<journal::PostgresqlAddress> address = journal::PostgresqlAddress{};
    if (!context.state.empty()) address = journal::postgresql_server(context.state);
    if (!address) return context.fail(Usage, address.error().message);
  }
  std::string path;
  if (takes(command.syntax, "--log")) path = first_of(env, *args, "--log", "ROLLOUT_LOG", settings.log, "");
  if (path.empty() && args->has("--log"))
    return context.fail(Usage, "`--log` needs the name of a file; without it no log is kept");
  return path.empty() ? command.run(context) : run_logged(context, command, absolute_path(env.directory, path));
}

int version(Env& env) {
  env.out(fmt::format("rollout {} (plan format {}, journal format {})\n", ROLLOUT_VERSION, plan::format_version,
                      journal::format_version));
  return Ok;
}

int help(Env& env, const std::vector<std::string>& topics) {
  if (topics.empty()) {
    env.out(overview());
    return Ok;
  }
  const Command* command = find_command(topics[0]);
  if (command == nullptr) return unknown_command(env, topics[0]);
  env.out(help_text(command->syntax));
  return Ok;
}

}  // namespace

void Context::out(std::string_view text) const {
  bool escapes = json() || format == "sarif" || format == "gitlab";
  env.out(escapes ? std::string(text) : style.color ? shown(text) : visible(text));
}

int Context::fail(int code, std::string_view whole) const {
  std::string message = short_message(whole);
  // What somebody typed or wrote has no colours of ours.
  env.err(fmt::format("{} {}\n", error_style.bad("rollout:"), visible(message)));
  // Of a worker that one is refused says that another process was first.
  bool lost_race = code == Refused && crew != nullptr;
  Level level = lost_race ? Level::Info : code == Ok ? Level::Warn : Level::Error;
  if (log != nullptr) log->write(level, "failed", args.value("--resume"), message);
  return code;
}

int Context::fail(const OpError& error, int otherwise) const {
  return fail(error.refused ? int(Refused) : otherwise, error.message);
}

namespace {

int dispatch(Env& env, const std::vector<std::string>& args) {
  std::vector<std::string> rest(args.begin() + 1, args.end());
  if (args[0] == "help" || args[0] == "--help" || args[0] == "-h") return help(env, rest);
  if (args[0] == "version" || args[0] == "--version") return version(env);
  const Command* command = find_command(args[0]);
  return command ? run_command(env, *command, rest) : unknown_command(env, args[0]);
}

}  // namespace

int run(Env& given, const std::vector<std::string>& args) {
  Env env = given;
  env.err = [&given](std::string_view text) { given.err(shown(text)); };
  if (args.empty()) {
    env.err(overview());
    return Usage;
  }
  int code = dispatch(env, args);
  std::string lost = env.output_error();
  if (lost.empty()) return code;
  env.err(fmt::format("rollout: not all output could be written: {}; what was written is not complete\n", lost));
  // How a run ended counts for more than what could be said of it.
  bool drives = args[0] == "apply" || args[0] == "abort" || args[0] == "resume" || args[0] == "rollback";
  return !drives && (code == Ok || code == HasChanges) ? int(Environment) : code;
}

}  // namespace rollout::cli
