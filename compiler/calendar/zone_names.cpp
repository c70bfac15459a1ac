// The zones in the binary: zones.txt, a version and then a line each, in the order of their names.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/diagnostics.h"
#include "compiler/calendar/zone.h"
#include "compiler/calendar/zone_data.h"

namespace rollout::calendar {

namespace {

struct Table {
  std::string_view version;
  std::vector<std::string_view> names, rules;
};

Table read_table() {
  Table table;
  std::string_view text = zone_files[0].text;
  table.version = text.substr(0, text.find('\n'));
  for (text.remove_prefix(table.version.size() + 1); !text.empty();) {
    std::string_view line = text.substr(0, text.find('\n'));
    size_t blank = line.find(' ');
    table.names.push_back(line.substr(0, blank));
    table.rules.push_back(line.substr(blank + 1));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return table;
}

const Table& table() {
  static const Table read = read_table();
  return read;
}

}  // namespace

std::string_view zones_version() { return table().version; }

const std::vector<std::string_view>& zone_names() { return table().names; }

Result<Zone> zone_named(std::string_view name) {
  const std::vector<std::string_view>& names = table().names;
  auto found = std::lower_bound(names.begin(), names.end(), name);
  if (found != names.end() && *found == name) return parse_zone(name, table().rules[size_t(found - names.begin())]);
  std::string_view meant = nearest(name, names);
  // `Stockholm` for `Europe/Stockholm`.
  for (std::string_view other : names)
    if (meant.empty() && other.ends_with("/" + std::string(name))) meant = other;
  std::string hint = meant.empty() ? "it is named as in `Europe/Stockholm`" : fmt::format("did you mean `{}`?", meant);
  return OpError{"there is no such zone; " + hint};
}

}  // namespace rollout::calendar
