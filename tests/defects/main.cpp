// rollout_defects: the seeded defects of tests/defects/list, each a mistake that a deployment tool could have made.
// FOLDER list          their names, with the suites that should catch them
// FOLDER check ROOT    each edit still finds its place in the sources, exactly once; and FOLDER/../noticed, which says
//                      by which test each was noticed last, names no other
// FOLDER seed ROOT NAME  makes the mistake in the tree ROOT and prints the file; tests/defects/run.sh does it in a copy
// Exit code 0: done; 1: a defect is not what it should be, or its source has moved on; 2: usage.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace {

namespace fs = std::filesystem;

constexpr std::string_view ending = ".defect";
constexpr size_t fewest = 40;

/// One edit of one file: `before`, which stands there exactly once, becomes `after`.
struct Defect {
  std::string name, what, violates, file, suites, before, after;
};

std::optional<std::string> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

int problem(const std::string& name, std::string_view what) {
  fmt::print(stderr, "{}{}: {}\n", name, ending, what);
  return 1;
}

/// Lines of the edit are glued as they stand: what is looked for may begin and end within a line.
void add_line(std::string& text, bool& begun, std::string_view line) {
  if (std::exchange(begun, true)) text += '\n';
  text += line;
}

Defect parse(const std::string& name, std::string_view text) {
  Defect out;
  out.name = name;
  bool in_what = false, in_before = false, in_after = false;
  const std::pair<std::string_view, std::string*> fields[] = {
      {"violates: ", &out.violates}, {"file: ", &out.file}, {"suites: ", &out.suites}};
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    auto field = std::find_if(std::begin(fields), std::end(fields),
                              [&](const auto& known) { return line.starts_with(known.first); });
    if (field != std::end(fields)) *field->second = line.substr(field->first.size());
    else if (line.starts_with('-')) add_line(out.before, in_before, line.substr(1));
    else if (line.starts_with('+')) add_line(out.after, in_after, line.substr(1));
    else add_line(out.what, in_what, line);
  }
  return out;
}

std::vector<Defect> read_all(const fs::path& folder) {
  std::vector<Defect> out;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ending)
      out.push_back(parse(entry.path().stem().string(), read_file(entry.path()).value_or("")));
  std::sort(out.begin(), out.end(), [](const Defect& a, const Defect& b) { return a.name < b.name; });
  return out;
}

/// The file with the mistake in it, or why there is none.
int seeded(const Defect& defect, const fs::path& root, std::string& text) {
  for (const std::string* part : {&defect.what, &defect.violates, &defect.file, &defect.suites, &defect.before})
    if (part->empty()) return problem(defect.name, "it lacks what it breaks, violates:, file:, suites: or a `-` line");
  std::optional<std::string> source = read_file(root / defect.file);
  if (!source) return problem(defect.name, fmt::format("there is no {}", defect.file));
  size_t at = source->find(defect.before);
  if (at == std::string::npos)
    return problem(defect.name, fmt::format("its text is no longer in {}; find where it went", defect.file));
  if (source->find(defect.before, at + 1) != std::string::npos)
    return problem(defect.name, fmt::format("its text stands several times in {}; give more of it", defect.file));
  if (defect.before == defect.after) return problem(defect.name, "it changes nothing");
  text = source->replace(at, defect.before.size(), defect.after);
  return 0;
}

int check(const std::vector<Defect>& defects, const fs::path& root) {
  int wrong = 0;
  std::string text;
  for (const Defect& defect : defects) wrong |= seeded(defect, root, text);
  if (defects.size() < fewest) {
    fmt::print(stderr, "there are {} seeded defects, fewer than {}\n", defects.size(), fewest);
    wrong = 1;
  }
  if (wrong == 0) fmt::print("{} seeded defects find their places\n", defects.size());
  return wrong;
}

/// `NAME | suite | test | date` a line, as tests/defects/run.sh keeps it; what survives has no line.
int check_noticed(const std::vector<Defect>& defects, const fs::path& file) {
  std::optional<std::string> text = read_file(file);
  if (!text) return problem("noticed", "it cannot be read");
  int wrong = 0;
  size_t rows = 0;
  for (std::string_view rest = *text; !rest.empty(); ++rows) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    std::string_view name = line.substr(0, line.find(' '));
    bool known = std::any_of(defects.begin(), defects.end(), [&](const Defect& one) { return one.name == name; });
    if (!known || std::count(line.begin(), line.end(), '|') < 3)
      wrong |= problem(std::string(name), "tests/defects/noticed names it, which is no seeded defect, or not as a row");
  }
  fmt::print("{} of them have been noticed by a test that is named in tests/defects/noticed\n", rows);
  return wrong;
}

int seed(const std::vector<Defect>& defects, const fs::path& root, std::string_view name) {
  auto found = std::find_if(defects.begin(), defects.end(), [&](const Defect& one) { return one.name == name; });
  if (found == defects.end()) return problem(std::string(name), "there is no such defect");
  std::string text;
  if (int wrong = seeded(*found, root, text); wrong != 0) return wrong;
  std::ofstream out(root / found->file, std::ios::binary);
  if (!(out << text).flush()) return problem(found->name, fmt::format("{} cannot be written", found->file));
  fmt::print("{}\n", found->file);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> args(argv + 1, argv + argc);
  std::string command = args.size() > 1 ? args[1] : "";
  std::vector<Defect> defects = args.empty() ? std::vector<Defect>() : read_all(args[0]);
  if (command == "check" && args.size() == 3)
    return check(defects, args[2]) | check_noticed(defects, fs::path(args[0]) / ".." / "noticed");
  if (command == "seed" && args.size() == 4) return seed(defects, args[2], args[3]);
  if (command != "list" || args.size() != 2) {
    fmt::print(stderr, "usage: rollout_defects FOLDER list | check ROOT | seed ROOT NAME\n");
    return 2;
  }
  for (const Defect& defect : defects) fmt::print("{} {}\n", defect.name, defect.suites);
  return 0;
}
