// Who may include whom. The tables below are docs/architecture.md's layers as data: a change here is a change
// of the architecture and wants a decision record.
#include <algorithm>
#include <map>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/tidy/tree.h"

namespace rollout::tidy {

namespace {

using Folders = std::vector<std::string>;

/// A folder, and the folders that its files may include besides itself.
const std::map<std::string, Folders>& layers() {
  static const Folders compiler{"compiler/base", "compiler/syntax", "compiler/ir",    "compiler/eval",
                                "compiler/check", "compiler/judge", "compiler/plan", "compiler/calendar",
                                "compiler/verify", "stdlib"};
  static const std::map<std::string, Folders> table = {
      {"compiler/base", {}},
      {"compiler/calendar", {"compiler/base"}},
      {"compiler/syntax", {"compiler/base"}},
      {"compiler/ir", {"compiler/base", "compiler/syntax"}},
      {"compiler/eval", {"compiler/base", "compiler/calendar", "compiler/syntax", "compiler/ir"}},
      {"compiler/check",
       {"compiler/base", "compiler/calendar", "compiler/syntax", "compiler/ir", "compiler/eval"}},
      {"compiler/judge", {"compiler/base"}},
      {"compiler/plan",
       {"compiler/base", "compiler/calendar", "compiler/ir", "compiler/eval", "compiler/judge"}},
      {"compiler/verify",
       {"compiler/base", "compiler/calendar", "compiler/eval", "compiler/judge", "compiler/plan"}},
      {"compiler", compiler},
      {"compiler/suggest",
       {"compiler", "compiler/base", "compiler/calendar", "compiler/syntax", "compiler/ir", "compiler/eval",
        "compiler/plan", "compiler/verify"}},
      {"runtime/effects", {"compiler/base"}},
      {"runtime/journal", {"compiler/base", "compiler/eval", "compiler/plan", "runtime/effects"}},
      {"runtime/exec",
       {"compiler/base", "compiler/calendar", "compiler/eval", "compiler/judge", "compiler/plan",
        "runtime/effects", "runtime/journal"}},
      {"runtime/metrics",
       {"compiler/base", "compiler/eval", "compiler/plan", "runtime/effects", "runtime/journal",
        "runtime/exec"}},
      {"runtime/notify",
       {"compiler/base", "compiler/eval", "compiler/plan", "runtime/effects", "runtime/journal",
        "runtime/exec"}},
      {"runtime/backend",
       {"compiler/base", "compiler/eval", "compiler/plan", "runtime/effects", "runtime/journal",
        "runtime/exec", "runtime/metrics"}},
      {"runtime/sim",
       {"compiler/base", "compiler/calendar", "compiler/eval", "compiler/judge", "compiler/plan",
        "compiler/verify", "runtime/effects", "runtime/journal", "runtime/exec"}},
      {"runtime/cli",
       {"compiler", "compiler/base", "compiler/calendar", "compiler/syntax", "compiler/ir", "compiler/eval",
        "compiler/check", "compiler/judge", "compiler/plan", "compiler/verify", "compiler/suggest", "stdlib",
        "runtime/effects", "runtime/journal", "runtime/exec", "runtime/backend", "runtime/metrics", "runtime/notify",
        "runtime/sim"}},
      {"stdlib", {}},
  };
  return table;
}

/// A header from outside, and the only places that may include it.
struct Sealed {
  std::string_view header;  ///< the start of its name
  std::vector<std::string_view> places;
  std::string_view instead;
};

const std::vector<Sealed>& sealed() {
  static const std::vector<Sealed> table = {
      {"antlr4", {"compiler/syntax/"}, "the rest of the compiler sees compiler/syntax/ast.h"},
      {"RolloutParser", {"compiler/syntax/"}, "the rest of the compiler sees compiler/syntax/ast.h"},
      {"RolloutLexer", {"compiler/syntax/"}, "the rest of the compiler sees compiler/syntax/ast.h"},
      {"curl/", {"runtime/effects/"}, "use runtime/effects/http.h"},
      {"openssl/", {"runtime/effects/", "compiler/base/sha256."}, "use signature.h of runtime/effects, or sha256.h"},
      {"postgresql/", {"runtime/effects/"}, "use runtime/effects/sql.h"},
      {"sqlite3.h", {"runtime/journal/"}, "use runtime/journal/store.h"},
      {"toml++/", {"runtime/cli/manifest.cpp"}, "use runtime/cli/manifest.h"},
      {"simdjson", {"compiler/base/json.cpp"}, "use compiler/base/json.h"},
      {"iostream", {}, "use fmt"},
  };
  return table;
}

/// Headers of the operating system: only effects may touch it, so that everything else runs in simulation.
const std::set<std::string, std::less<>>& posix_headers() {
  static const std::set<std::string, std::less<>> names = {
      "unistd.h",           "fcntl.h",   "poll.h", "signal.h", "csignal",   "spawn.h",  "dlfcn.h", "netdb.h",
      "pthread.h",          "termios.h", "pwd.h",  "dirent.h", "ifaddrs.h", "syslog.h", "thread",  "mutex",
      "condition_variable", "future"};
  return names;
}

/// What a pure compiler has no use for.
const std::set<std::string, std::less<>>& impure_headers() {
  static const std::set<std::string, std::less<>> names = {"chrono",     "ctime",   "time.h",
                                                           "filesystem", "fstream", "random"};
  return names;
}

bool is_posix(std::string_view header) {
  return posix_headers().contains(header) || header.starts_with("sys/") || header.starts_with("netinet/") ||
         header.starts_with("arpa/") || header.starts_with("linux/");
}

std::string folder_of(std::string_view path) {
  return std::string(path.substr(0, std::min(path.rfind('/'), path.size())));
}

/// The row of the layer table for a file: its own folder, or the nearest one above.
std::string layer_of(std::string_view path) {
  for (std::string folder = folder_of(path);; folder = folder_of(folder)) {
    if (layers().contains(folder)) return folder;
    if (folder.find('/') == std::string::npos) return {};
  }
}

/// The text between the quotes or angle brackets of an include line, else empty.
std::string_view included(std::string_view line) {
  constexpr std::string_view word = "#include ";
  if (!line.starts_with(word)) return {};
  size_t end = line.find_first_of("\">", word.size() + 1);
  return line.substr(word.size() + 1, end == std::string_view::npos ? 0 : end - word.size() - 1);
}

/// Calls `visit(file, line number, header)` for every include in compiler/, runtime/ and stdlib/.
template <typename Visit>
void each_include(const Visit& visit) {
  for (const File& file : tree())
    if (file.is_cpp() && (file.in("compiler/") || file.in("runtime/") || file.in("stdlib/")))
      for (size_t i = 0; i < file.lines.size(); ++i)
        if (std::string_view header = included(file.lines[i]); !header.empty()) visit(file, i + 1, header);
}

}  // namespace

TEST_CASE("a folder includes only folders above it") {
  Complaints complaints;
  each_include([&](const File& file, size_t line, std::string_view header) {
    std::string from = layer_of(file.path), to = layer_of(header);
    if (from.empty())
      return complaints.add(file, line, "no row in the layer table of tests/tidy/layers_test.cpp: add it");
    const Folders& allowed = layers().at(from);
    if (to.empty() || to == from || std::find(allowed.begin(), allowed.end(), to) != allowed.end()) return;
    complaints.add(file, line,
                   fmt::format("{} must not include {}: move this to the layer that knows both", from, to));
  });
  TIDY_REQUIRE(complaints);
}

TEST_CASE("no two folders include each other") {
  for (const auto& [folder, allowed] : layers())
    for (const std::string& other : allowed) {
      const Folders& back = layers().at(other);
      CAPTURE(folder, other);
      CHECK(std::find(back.begin(), back.end(), folder) == back.end());
    }
}

TEST_CASE("each outside library stays in the one folder that wraps it") {
  Complaints complaints;
  each_include([&](const File& file, size_t line, std::string_view header) {
    for (const Sealed& seal : sealed()) {
      auto holds_file = [&](std::string_view place) { return file.in(place); };
      if (header.starts_with(seal.header) && std::none_of(seal.places.begin(), seal.places.end(), holds_file))
        complaints.add(file, line, fmt::format("<{}> is not included here: {}", header, seal.instead));
    }
  });
  TIDY_REQUIRE(complaints);
}

TEST_CASE("the recheck of a plan shares no code with the proofs, and is small enough to read") {
  constexpr std::string_view recheck = "compiler/verify/recheck";
  constexpr size_t most_lines = 2'750;
  Complaints complaints;
  each_include([&](const File& file, size_t line, std::string_view header) {
    bool own = header.starts_with(recheck);
    if (file.in(recheck) && header.starts_with("compiler/verify/") && !own)
      complaints.add(file, line, fmt::format("the recheck must not include {}: it is there to distrust it", header));
    if (!file.in(recheck) && file.in("compiler/verify/") && own)
      complaints.add(file, line, fmt::format("a proof must not include {}: one of them checks the other", header));
  });
  size_t lines = 0;
  for (const File& file : tree())
    if (file.in(recheck)) lines += file.lines.size();
  CHECK(lines > 0);
  CHECK(lines <= most_lines);
  TIDY_REQUIRE(complaints);
}

TEST_CASE("only runtime/effects touches the operating system, and the compiler is pure") {
  Complaints complaints;
  each_include([&](const File& file, size_t line, std::string_view header) {
    if (is_posix(header) && !file.in("runtime/effects/"))
      complaints.add(file, line,
                     fmt::format("<{}> belongs to runtime/effects: extend an interface there", header));
    if (impure_headers().contains(header) && file.in("compiler/"))
      complaints.add(
          file, line,
          fmt::format("<{}> in compiler/: take the value as an argument; the compiler is pure", header));
  });
  TIDY_REQUIRE(complaints);
}

}  // namespace rollout::tidy
