// rollout_golden: runs every case under tests/golden against the built program and compares what a user would
// see with the file beside it. tests/golden/README.md has the format.
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tests/golden/child.h"
#include "tests/golden/diff.h"

namespace fs = std::filesystem;

namespace rollout::golden {

namespace {

constexpr std::chrono::milliseconds time_limit{20000};

struct Options {
  fs::path binary;
  fs::path root;
  bool update = false;
  std::vector<std::string> only;  ///< paths below the root; empty: everything
  std::string self;
};

struct Case {
  fs::path source;    ///< the .rollout file, or the folder with main.rollout
  fs::path expected;  ///< the .out file, which need not exist
  std::string name;   ///< below the root, without extension: check/units/fail_sum
  bool is_folder() const { return fs::is_directory(source); }
  fs::path file() const { return is_folder() ? source / "main.rollout" : source; }
};

/// A folder with main.rollout is one case; any other folder that is not a stage or topic holds shared files.
void discover(const fs::path& folder, const fs::path& root, std::vector<Case>& cases) {
  std::vector<fs::path> entries(fs::directory_iterator(folder), fs::directory_iterator{});
  std::sort(entries.begin(), entries.end());
  for (const fs::path& entry : entries) {
    bool is_case =
        fs::is_directory(entry) ? fs::exists(entry / "main.rollout") : entry.extension() == ".rollout";
    fs::path stem = fs::is_directory(entry) ? entry : fs::path(entry).replace_extension();
    if (is_case) cases.push_back({entry, stem.string() + ".out", fs::relative(stem, root).string()});
    else if (fs::is_directory(entry) && entry.filename() != "shared") discover(entry, root, cases);
  }
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  bool quoted = false, open = false;
  for (char c : text) {
    bool separates = c == ' ' && !quoted;
    if (!separates && !open) words.emplace_back();
    open = !separates;
    if (c == '"') quoted = !quoted;
    else if (open) words.back() += c;
  }
  return words;
}

/// The command lines of a case: its leading `// run:` lines, or what its stage usually runs.
std::vector<std::string> commands_of(const Case& test) {
  constexpr std::string_view mark = "// run: ";
  std::vector<std::string> commands;
  std::string text = read_file(test.file());
  for (std::string_view rest = text; rest.substr(0, mark.size()) == mark;) {
    size_t end = std::min(rest.find('\n'), rest.size());
    commands.emplace_back(rest.substr(mark.size(), end - mark.size()));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (!commands.empty()) return commands;
  std::string stage = test.name.substr(0, test.name.find('/'));
  if (stage == "plan") return {"plan --offline ${file}"};
  if (stage == "fmt") return {"fmt --diff ${file}"};
  if (stage == "parse") return {"check ${file}"};
  return {stage + " ${file}"};
}

std::string replace_all(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

/// The case alone in a fresh folder, with what its topic and the folders above share. Sources of other cases stay out.
void copy_case(const Case& test, const fs::path& root, const fs::path& scratch) {
  constexpr fs::copy_options deep = fs::copy_options::recursive | fs::copy_options::overwrite_existing;
  for (fs::path folder = root; const fs::path& part : fs::relative(test.source.parent_path(), root)) {
    if (fs::exists(folder / "shared")) fs::copy(folder / "shared", scratch / "shared", deep);
    folder /= part;
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(test.source.parent_path())) {
    fs::path extension = entry.path().extension();
    bool shared = entry.is_directory() ? entry.path().filename() == "shared"
                                       : extension != ".out" && extension != ".rollout";
    if (shared) fs::copy(entry.path(), scratch / entry.path().filename(), deep);
  }
  fs::copy(test.source, test.is_folder() ? scratch : scratch / test.source.filename(), deep);
}

std::string section(std::string_view title, const std::string& text) {
  if (text.empty()) return {};
  return fmt::format("--- {}\n{}{}", title, text, text.back() == '\n' ? "" : "\n(no line break at the end)\n");
}

/// What a user sees of a case: the content of its .out file.
struct Seen {
  std::string text;
  bool failed = false;
  bool in_time = true;
};

Seen run_case(const Case& test, const Options& options) {
  std::string scratch = (fs::temp_directory_path() / "rollout-golden-XXXXXX").string();
  if (!mkdtemp(scratch.data())) return {"cannot make a scratch folder in " + scratch + "\n", true, true};
  fs::path folder = fs::path(scratch) / "case";
  fs::create_directory(folder);
  copy_case(test, options.root, folder);
  std::vector<std::string> commands = commands_of(test);
  Seen seen;
  for (const std::string& command : commands) {
    std::vector<std::string> arguments =
        words_of(replace_all(command, "${file}", test.file().filename().string()));
    arguments.insert(arguments.begin(), options.binary.string());
    Ended ended = run_child(arguments, folder, time_limit);
    std::string text = fmt::format("exit: {}\n", ended.status);
    text += section("stdout", ended.out) + section("stderr", ended.err);
    if (commands.size() > 1) text = fmt::format("$ rollout {}\n{}", command, text);
    // The hash of a plan covers the standard library too: its every edit would change every case.
    text = std::regex_replace(text, std::regex("plan [0-9a-f]{12}( |$)"), "plan ${hash}$1");
    seen.text += replace_all(std::move(text), folder.string(), "${dir}");
    seen.failed |= ended.status != "0";
    seen.in_time &= ended.in_time;
  }
  // Silence and success need no file to say so.
  if (seen.text == "exit: 0\n") seen.text.clear();
  fs::remove_all(scratch);
  return seen;
}

void write_expected(const Case& test, const std::string& text) {
  if (read_file(test.expected) == text) return;
  fmt::print("updated {}\n", test.expected.string());
  if (text.empty()) fs::remove(test.expected);
  else std::ofstream(test.expected, std::ios::binary) << text;
}

/// Prints why the case fails; true when it passes.
bool judge(const Case& test, const Options& options) {
  Seen seen = run_case(test, options);
  std::string base = fs::path(test.name).filename().string();
  std::string problem;
  if (!seen.in_time) problem = fmt::format("took more than {} ms and was ended\n", time_limit.count());
  else if (seen.failed && !base.starts_with("fail_"))
    problem = "exit code is not 0: the name must start with `fail_`\n";
  else if (!seen.failed && base.starts_with("fail_"))
    problem = "exit code is 0: the name must not start with `fail_`\n";
  if (options.update && seen.in_time) write_expected(test, seen.text);
  else problem += unified_diff(read_file(test.expected), seen.text);
  if (problem.empty()) return true;
  std::string again =
      fmt::format("{} --binary {} --root {}", options.self, options.binary.string(), options.root.string());
  fmt::print("FAILED {}\n{}", test.name, problem);
  fmt::print("  rerun:  {0} {1}\n  update: {0} --update {1}\n\n", again, test.name);
  return false;
}

bool is_wanted(const std::string& name, const Options& options) {
  return options.only.empty() ||
         std::any_of(options.only.begin(), options.only.end(), [&](const std::string& prefix) {
           return name == prefix || name.starts_with(prefix + "/");
         });
}

/// Expected outputs without a case would never be compared with anything.
int count_orphans(const Options& options, const std::vector<Case>& cases) {
  int orphans = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(options.root)) {
    std::string name = fs::relative(fs::path(entry.path()).replace_extension(), options.root).string();
    auto owns = [&](const Case& test) { return test.expected == entry.path(); };
    bool known = std::any_of(cases.begin(), cases.end(), owns);
    if (entry.path().extension() != ".out" || known || !is_wanted(name, options)) continue;
    fmt::print("FAILED {}\nno case belongs to this file: remove it\n\n", entry.path().string());
    ++orphans;
  }
  return orphans;
}

int run(const Options& options) {
  std::vector<Case> cases;
  discover(options.root, options.root, cases);
  int passed = 0, failed = count_orphans(options, cases);
  for (const Case& test : cases)
    if (is_wanted(test.name, options)) ++(judge(test, options) ? passed : failed);
  if (passed + failed == 0) fmt::print("no case matches\n");
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed > 0 || passed == 0;
}

/// A case as people name it: with or without tests/golden/ in front and an extension behind.
std::string name_of(std::string path, const fs::path& root) {
  for (const std::string& prefix : {root.string() + "/", std::string("tests/golden/")})
    if (size_t at = path.find(prefix); at != std::string::npos) path = path.substr(at + prefix.size());
  while (path.ends_with('/')) path.pop_back();
  if (path.ends_with("/main.rollout")) return fs::path(path).parent_path().string();
  return path.ends_with(".rollout") || path.ends_with(".out") ? fs::path(path).replace_extension().string()
                                                              : path;
}

}  // namespace

}  // namespace rollout::golden

int main(int argc, char** argv) {
  using rollout::golden::name_of;
  rollout::golden::Options options;
  options.self = argv[0];
  std::vector<std::string> paths;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    bool has_value = i + 1 < argc;
    if (argument == "--update") options.update = true;
    else if (argument == "--binary" && has_value) options.binary = fs::absolute(argv[++i]);
    else if (argument == "--root" && has_value) options.root = fs::canonical(argv[++i]);
    else paths.push_back(argument);
  }
  if (options.binary.empty() || options.root.empty()) {
    fmt::print("usage: rollout_golden --binary PROGRAM --root FOLDER [--update] [CASE or folder]...\n");
    return 2;
  }
  for (const std::string& path : paths) options.only.push_back(name_of(path, options.root));
  return rollout::golden::run(options);
}
