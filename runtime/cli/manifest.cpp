#include "runtime/cli/manifest.h"

#include <algorithm>

#include <fmt/format.h>

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace rollout::cli {

namespace {

constexpr std::string_view a_version = "a version, such as \"1.2.0\"";
constexpr std::string_view a_requirement = "what versions will do, such as \">=1.2\" or \">=1.2, <2\"";
constexpr std::string_view file_names = "a list of files of this package, such as [\"gates\", \"strategy.canary\"]";

/// Letters, digits and `_`, beginning with a letter: what an import can say.
bool is_name(std::string_view text) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  auto fits = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !text.empty() && letter(text.front()) && std::all_of(text.begin(), text.end(), fits) && text != "std";
}

bool is_dotted_name(std::string_view text) {
  for (;;) {
    size_t dot = text.find('.');
    if (!is_name(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

class ManifestReader {
 public:
  ManifestReader(const SourceMap& sources, SourceId source, Diagnostics& diagnostics)
      : sources_(sources), source_(source), diagnostics_(diagnostics) {
    std::string_view text = sources.text(source);
    for (size_t i = 0; i < text.size(); ++i) {
      if ((uint8_t(text[i]) & 0xC0) != 0x80) characters_.push_back(uint32_t(i));
      if (text[i] == '\n') lines_.push_back(characters_.size());
    }
    characters_.push_back(uint32_t(text.size()));
    lines_.push_back(characters_.size());
  }

  Manifest read(ManifestOf what) {
    Manifest manifest;
    toml::parse_result parsed = toml::parse(sources_.text(source_));
    if (!parsed) {
      Span span = place(parsed.error().source());
      diagnostics_.report(span, diag::ManifestSyntax, std::string(parsed.error().description()));
      return manifest;
    }
    const toml::table& root = parsed.table();
    check_keys(root, "rollout.toml", {"package", "dependencies", "cli"});
    const toml::table* package = table_of(root, "package");
    if (package) read_package(*package, manifest);
    if (what == ManifestOf::Package) require_identity(manifest, package);
    if (const toml::table* dependencies = table_of(root, "dependencies")) read_dependencies(*dependencies, manifest);
    if (const toml::table* cli = table_of(root, "cli")) read_cli(*cli, manifest.cli);
    return manifest;
  }

 private:
  /// The library counts lines and characters from 1, and 0 where it does not know.
  uint32_t offset(toml::source_position at) const {
    size_t line = std::min<size_t>(std::max<size_t>(at.line, 1), lines_.size() - 1);
    size_t begin = lines_[line - 1], end = lines_[line] - 1;
    return characters_[std::min(begin + std::max<size_t>(at.column, 1) - 1, end)];
  }

  Span place(const toml::source_region& region) const {
    uint32_t begin = offset(region.begin);
    uint32_t end = region.end.line == region.begin.line ? offset(region.end) : begin;
    return {source_, begin, std::max(begin, end)};
  }

  void report_value(const toml::node& node, std::string_view key, std::string_view takes) {
    diagnostics_.report(place(node.source()), diag::ManifestValue, std::string(key), std::string(takes));
  }

  void check_keys(const toml::table& table, std::string_view where, const std::vector<std::string_view>& known) {
    for (const auto& [key, value] : table) {
      if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
      Diagnostic& diagnostic = diagnostics_.report(place(key.source()), diag::ManifestKey, std::string(where),
                                                   std::string(key.str()));
      diagnostic.note("there are " + list_of(known));
      std::string_view near = nearest(key.str(), known);
      if (!near.empty()) diagnostic.advise(fmt::format("did you mean `{}`?", near));
    }
  }

  const toml::table* table_of(const toml::table& root, std::string_view key) {
    const toml::node* node = root.get(key);
    if (node && !node->is_table()) report_value(*node, key, fmt::format("a table: `[{}]`", key));
    return node ? node->as_table() : nullptr;
  }

  /// Nothing when it is not there or no string; that is reported.
  std::optional<std::string> text_of(const toml::table& table, std::string_view key, std::string_view takes) {
    const toml::node* node = table.get(key);
    if (!node) return std::nullopt;
    if (node->is_string()) return node->as_string()->get();
    report_value(*node, key, takes);
    return std::nullopt;
  }

  bool flag_of(const toml::table& table, std::string_view key) {
    const toml::node* node = table.get(key);
    if (!node) return false;
    if (!node->is_boolean()) report_value(*node, key, "true or false");
    return node->value_or(false);
  }

  void read_package(const toml::table& table, Manifest& manifest) {
    check_keys(table, "`[package]`", {"name", "version", "rollout", "exports"});
    if (std::optional<std::string> name = text_of(table, "name", "a name")) {
      manifest.name = *name;
      if (!is_name(*name))
        report_value(*table.get("name"), "name", "letters, digits and `_`, beginning with a letter, and not `std`");
    }
    if (std::optional<std::string> version = text_of(table, "version", a_version)) {
      manifest.version = *version;
      if (!allows(">=0", *version)) report_value(*table.get("version"), "version", a_version);
    }
    if (std::optional<std::string> wanted = text_of(table, "rollout", a_requirement)) {
      std::optional<bool> fits = allows(*wanted, ROLLOUT_VERSION);
      Span span = place(table.get("rollout")->source());
      std::string who = manifest.name.empty() ? "this project" : fmt::format("`{}`", manifest.name);
      if (!fits) report_value(*table.get("rollout"), "rollout", a_requirement);
      else if (!*fits)
        diagnostics_.report(span, diag::WrongVersion, who, "rollout", *wanted, ROLLOUT_VERSION)
            .advise("install such a version of rollout, or change this line when the files work with yours");
    }
    if (const toml::node* exports = table.get("exports")) read_exports(*exports, manifest);
  }

  void read_exports(const toml::node& node, Manifest& manifest) {
    if (!node.is_array()) return report_value(node, "exports", file_names);
    for (const toml::node& item : *node.as_array()) {
      if (!item.is_string() || !is_dotted_name(item.as_string()->get())) report_value(item, "exports", file_names);
      else manifest.exports.push_back(item.as_string()->get());
    }
  }

  void require_identity(const Manifest& manifest, const toml::table* package) {
    Span span = package ? place(package->source()) : Span{source_, 0, 0};
    for (const char* key : {"name", "version"})
      if (!package || !package->get(key))
        diagnostics_.report(span, diag::ManifestMissing, "a package that others use", key)
            .advise(fmt::format("write `[package]` with `name = \"{}\"` and `version = \"{}\"`",
                                manifest.name.empty() ? "shared" : manifest.name,
                                manifest.version.empty() ? "1.0.0" : manifest.version));
  }

  void read_dependencies(const toml::table& table, Manifest& manifest) {
    for (const auto& [key, value] : table) {
      Dependency dependency{std::string(key.str()), {}, {}, place(key.source())};
      if (!is_name(dependency.name)) {
        diagnostics_.report(dependency.span, diag::ManifestValue, "dependencies",
                            "names of letters, digits and `_`, beginning with a letter, and not `std`");
        continue;
      }
      if (!value.is_table()) {
        report_value(value, dependency.name, fmt::format("a folder: {{ path = \"vendor/{}\" }}", dependency.name));
        continue;
      }
      read_dependency(*value.as_table(), dependency);
      if (!dependency.path.empty()) manifest.dependencies.push_back(std::move(dependency));
    }
  }

  void read_dependency(const toml::table& table, Dependency& dependency) {
    std::optional<std::string> path = text_of(table, "path", "a folder below this one");
    const std::string whose = fmt::format("dependency `{}`", dependency.name);
    check_keys(table, whose, {"path", "version"});
    if (!table.get("path"))
      diagnostics_.report(dependency.span, diag::ManifestMissing, whose, "path")
          .advise(fmt::format("packages are folders of the project: `{0} = {{ path = \"vendor/{0}\" }}`",
                              dependency.name));
    auto is_control = [](char c) { return uint8_t(c) < 0x20; };  // NUL would end the path before its end
    bool inside = path && !path->empty() && !path->starts_with('/') &&
                  fmt::format("/{}/", *path).find("/../") == std::string::npos &&
                  std::none_of(path->begin(), path->end(), is_control);
    if (path && !inside) report_value(*table.get("path"), "path", "a folder below this one, such as \"vendor/shared\"");
    if (inside) dependency.path = *path;
    std::optional<std::string> version = text_of(table, "version", a_requirement);
    if (!version) return;
    dependency.version = *version;
    if (!allows(*version, "0")) report_value(*table.get("version"), "version", a_requirement);
  }

  void read_cli(const toml::table& table, CliSettings& settings) {
    check_keys(table, "`[cli]`", {"format", "color", "state", "quiet", "verbose", "log", "sign_key", "heads_copy"});
    settings.format = text_of(table, "format", "\"text\" or \"json\"").value_or("");
    settings.color = text_of(table, "color", "\"auto\", \"always\" or \"never\"").value_or("");
    if (!settings.format.empty() && settings.format != "text" && settings.format != "json")
      report_value(*table.get("format"), "format", "\"text\" or \"json\"");
    if (!settings.color.empty() && settings.color != "auto" && settings.color != "always" && settings.color != "never")
      report_value(*table.get("color"), "color", "\"auto\", \"always\" or \"never\"");
    settings.state = text_of(table, "state", "such as \"postgresql://USER@HOST/DATABASE\"").value_or("");
    settings.quiet = flag_of(table, "quiet");
    settings.verbose = flag_of(table, "verbose");
    settings.log = text_of(table, "log", "the name of a file").value_or("");
    settings.sign_key = text_of(table, "sign_key", "the name of a file").value_or("");
    settings.heads_copy = text_of(table, "heads_copy", "the name of a file").value_or("");
  }

  const SourceMap& sources_;
  std::vector<uint32_t> characters_;  ///< where each begins; the last one is the end of the text
  std::vector<size_t> lines_ = {0};   ///< the first character of each, and one behind the end
  SourceId source_;
  Diagnostics& diagnostics_;
};

}  // namespace

Manifest read_manifest(const SourceMap& sources, SourceId source, ManifestOf what, Diagnostics& diagnostics) {
  return ManifestReader(sources, source, diagnostics).read(what);
}

}  // namespace rollout::cli
