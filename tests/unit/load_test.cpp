// Which files are read for a program, how often, and where that ends.
#include <algorithm>
#include <map>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.h"

namespace rollout {

namespace {

/// A project in memory that counts how often each file is read.
struct Project {
  std::map<std::string, std::string> files;
  std::map<std::string, int> reads;
  check::Layout layout;

  std::vector<std::string> reported() {
    Compilation compilation;
    compile(
        compilation, "main.rollout",
        [&](const std::string& path) -> Result<std::string> {
          ++reads[path];
          auto file = files.find(path);
          if (file == files.end()) return OpError{"there is no such file"};
          return file->second;
        },
        layout);
    std::vector<std::string> names;
    for (const Diagnostic* diagnostic : compilation.diagnostics.sorted()) names.emplace_back(diagnostic->name);
    return names;
  }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a file is read once, whichever way it is spelled") {
  Project project;
  project.files["main.rollout"] =
      "import \"./a.rollout\".{a}\nimport \"./x/../a.rollout\".{a as b}\nimport \"./link.rollout\".{a as c}\n"
      "import std.backend.{local}\nimport std.backend.local.{local as again}\nlet all = [a, b, c]\n";
  project.files["a.rollout"] = "let a = 1\n";
  project.layout.real_path = [](const std::string& path) -> Result<std::string> {
    return path == "link.rollout" ? "a.rollout" : path;
  };
  CHECK(project.reported() == Names{});
  CHECK(project.reads == std::map<std::string, int>{{"main.rollout", 1}, {"a.rollout", 1}});
}

TEST_CASE("what two programs share is read once, and its mistakes are said of both") {
  const std::map<std::string, std::string> texts = {{"a.rollout", "import \"./shared.rollout\".{x}\nlet a = x\n"},
                                                    {"b.rollout", "import \"./shared.rollout\".{x}\nlet b = x\n"},
                                                    {"shared.rollout", "let x = 1 +\n"}};
  std::map<std::string, int> reads;
  check::Loader load = [&](const std::string& path) -> Result<std::string> { return ++reads[path], texts.at(path); };
  check::ParsedFiles files;
  Compilation a(files), b(files);
  compile(a, "a.rollout", load, {});
  compile(b, "b.rollout", load, {});
  CHECK(reads == std::map<std::string, int>{{"a.rollout", 1}, {"b.rollout", 1}, {"shared.rollout", 1}});
  CHECK(a.diagnostics.errors() == 1);
  CHECK(b.diagnostics.errors() == 1);
  CHECK(a.program->modules.size() == 2);
  CHECK(b.program->modules.size() == 2);
}

TEST_CASE("a circle is found through a link too") {
  Project project;
  project.files["main.rollout"] = "import \"./link.rollout\".{a}\n";
  project.layout.real_path = [](const std::string&) -> Result<std::string> { return std::string("main.rollout"); };
  CHECK(project.reported() == Names{"import-cycle"});
}

TEST_CASE("a circle of many files is one message, however often it is closed") {
  Project project;
  for (int i = 0; i < 300; ++i)
    project.files[fmt::format("f{}.rollout", i)] = fmt::format("import \"./f{}.rollout\".{{a}}\n", i + 1);
  for (int i = 0; i < 1'000; ++i) project.files["f300.rollout"] += "import \"./f0.rollout\".{a}\n";
  project.files["main.rollout"] = "import \"./f0.rollout\".{a}\n";
  Names names = project.reported();
  CHECK(std::count(names.begin(), names.end(), "import-cycle") == 1);
}

TEST_CASE("a program with too much text says so once") {
  Project project;
  std::string large = "# " + std::string(size_t{30} << 20, 'a') + "\n";
  for (const char* name : {"a", "b", "c"}) project.files[fmt::format("{}.rollout", name)] = large;
  project.files["main.rollout"] = "import \"./a.rollout\".{x}\nimport \"./b.rollout\".{x}\n";
  for (int i = 0; i < 100; ++i) project.files["main.rollout"] += "import \"./c.rollout\".{x}\n";
  Names names = project.reported();
  CHECK(std::count(names.begin(), names.end(), "too-many-files") == 1);
  CHECK(project.reads["c.rollout"] == 1);
}

TEST_CASE("a link into a package is no way around its exports") {
  Project project;
  project.files["main.rollout"] = "import \"./link.rollout\".{a}\n";
  project.files["vendor/x/a.rollout"] = "let a = 1\n";
  project.layout.packages.push_back({"x", "vendor/x", {}, {}});
  project.layout.real_path = [](const std::string& path) -> Result<std::string> {
    return path == "link.rollout" ? "vendor/x/a.rollout" : path;
  };
  CHECK(project.reported() == Names{"import-outside"});
  CHECK(project.reads.count("vendor/x/a.rollout") == 0);
}

TEST_CASE("a name that is no package is not looked for in the project") {
  Project project;
  project.files["main.rollout"] = "import tools.a.{a}\n";
  project.files["tools/a.rollout"] = "let a = 1\n";
  CHECK(project.reported() == Names{"unknown-package"});
  CHECK(project.reads.count("tools/a.rollout") == 0);
}

TEST_CASE("a chain of imports ends") {
  Project project;
  project.files["main.rollout"] = "import \"./0.rollout\".{a}\n";
  for (size_t i = 0; i < check::max_modules; ++i)
    project.files[fmt::format("{}.rollout", i)] = fmt::format("import \"./{}.rollout\".{{a}}\nlet a = 1\n", i + 1);
  CHECK(project.reported() == Names{"too-many-files"});
}

TEST_CASE("the text of a program is bounded") {
  Project project;
  std::string comment = "// " + std::string(check::max_program_bytes / 4, 'x') + "\n";
  for (int i = 0; i < 5; ++i) {
    project.files["main.rollout"] += fmt::format("import \"./{}.rollout\".{{a}}\n", i);
    project.files[fmt::format("{}.rollout", i)] = comment + "let a = 1\n";
  }
  CHECK(project.reported().front() == "too-many-files");
}

}  // namespace rollout
