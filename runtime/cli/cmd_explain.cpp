#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/diagnostics.h"
#include "compiler/base/json.h"
#include "runtime/cli/command.h"
#include "runtime/cli/explain_run.h"
#include "runtime/cli/pages.h"

namespace rollout::cli {

namespace {

struct Entry {
  std::string_view name;
  std::string_view meaning;  ///< one line
  std::string_view text;
};

std::string_view take_line(std::string_view& text) {
  size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

/// A page is `# name`, an empty line, and its meaning (tests/unit/explain_test.cpp holds it to that).
std::vector<Entry> entries() {
  std::vector<Entry> all;
  for (const Page* page = pages; page->file; ++page) {
    std::string_view rest = page->text, name = page->file;
    take_line(rest);
    take_line(rest);
    all.push_back({name.substr(0, name.rfind('.')), take_line(rest), page->text});
  }
  return all;
}

/// Markdown as it reads best on a terminal: headings stand out, code is indented.
std::string terminal_text(std::string_view markdown, const Style& style) {
  std::string out;
  bool in_code = false;
  while (!markdown.empty()) {
    std::string_view line = take_line(markdown);
    if (line.starts_with("```")) in_code = !in_code;
    else if (in_code && !line.empty()) out += fmt::format("    {}\n", line);
    else if (!in_code && line.starts_with('#'))
      out += style.bold(line.substr(line.find_first_not_of("# "))) + "\n";
    else out += fmt::format("{}\n", line);
  }
  return out;
}

std::string as_json(const std::vector<Entry>& all) {
  json::Writer json;
  json.begin_object().field("version", 1).key("diagnostics").begin_array();
  for (const Entry& entry : all)
    json.begin_object()
        .field("name", entry.name)
        .field("meaning", entry.meaning)
        .field("page", entry.text)
        .end_object();
  json.end_array().end_object();
  return json.take() + "\n";
}

std::string list_text(const std::vector<Entry>& all, const Style& style) {
  size_t width = 0;
  for (const Entry& entry : all) width = std::max(width, entry.name.size());
  std::string out;
  for (const Entry& entry : all)
    out += fmt::format("{}  {}\n", style.name(left(entry.name, width)), entry.meaning);
  return out;
}

int unknown_name(const Context& context, const std::vector<Entry>& all, const std::string& name) {
  std::vector<std::string_view> known;
  for (const Entry& entry : all) known.push_back(entry.name);
  std::string_view meant = nearest(name, known);
  std::string hint =
      meant.empty() ? "`rollout explain` lists them" : fmt::format("did you mean `{}`?", meant);
  return context.fail(Usage, fmt::format("there is no diagnostic `{}`; {}", name, hint));
}

}  // namespace

int cmd_explain(const Context& context) {
  if (!context.args.positional.empty() && names_run(context.args.positional[0]))
    return explain_run(context, context.args.positional[0]);
  std::vector<Entry> all = entries();
  if (context.args.positional.empty()) {
    context.out(context.json() ? as_json(all) : list_text(all, context.style));
    return Ok;
  }
  std::string name = context.args.positional[0];
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  auto found = std::find_if(all.begin(), all.end(), [&](const Entry& entry) { return entry.name == name; });
  if (found == all.end()) return unknown_name(context, all, name);
  context.out(context.json() ? as_json({*found}) : terminal_text(found->text, context.style));
  return Ok;
}

}  // namespace rollout::cli
