#include "runtime/backend/haproxy_api.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>

#include "compiler/base/visible.h"

namespace rollout::backend {
namespace {

constexpr size_t max_answer = size_t{16} << 20;
constexpr size_t max_line = 8000;  // HAProxy reads a line into one buffer of 16 kB
constexpr size_t max_rows = 10'000;  // servers of a section
constexpr size_t max_columns = 400;  // HAProxy 2.6 has 25 of a server's state and 97 of its statistics
constexpr int op_running = 2;
constexpr int admin_maintenance = 0x01 | 0x02 | 0x20 | 0x40;  // forced, inherited, no address
constexpr int admin_drain = 0x08 | 0x10;

/// Takes the first part of `text`, and the separator behind it.
std::string_view next_part(std::string_view& text, char separator) {
  const size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return part;
}

/// At most `most` parts: what stands behind them is left out.
std::vector<std::string_view> split(std::string_view text, char separator, size_t most = max_columns) {
  std::vector<std::string_view> parts;
  for (bool more = true; more && parts.size() < most;) {
    more = text.find(separator) != std::string_view::npos;
    parts.push_back(next_part(text, separator));
  }
  return parts;
}

/// The lines that say something, as far as a message quotes them.
std::string quoted_lines(std::string_view text) {
  std::string out;
  while (!text.empty() && out.size() <= max_quoted_bytes) {
    const std::string_view line = next_part(text, '\n');
    if (line.empty()) continue;
    if (!out.empty()) out += "; ";
    out += line.substr(0, max_quoted_bytes + 1);
  }
  return quoted_of(out);
}

int64_t number(std::string_view text) {
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// A table of text lines whose header line begins with `# `. Rows beyond max_rows are not read.
class Table {
 public:
  Table(std::string_view text, char separator) {
    while (!text.empty() && !is_too_long()) {
      const std::string_view line = next_part(text, '\n');
      if (line.starts_with("# ")) header_ = split(line.substr(2), separator);
      else if (!line.empty() && !header_.empty()) rows_.push_back(split(line, separator, header_.size()));
    }
  }
  bool is_too_long() const { return rows_.size() > max_rows; }
  bool has(std::string_view column) const { return index(column) < header_.size(); }
  size_t rows() const { return rows_.size(); }
  std::string_view at(size_t row, std::string_view column) const {
    const size_t i = index(column);
    return i < rows_[row].size() ? rows_[row][i] : std::string_view();
  }

 private:
  size_t index(std::string_view column) const {
    return size_t(std::find(header_.begin(), header_.end(), column) - header_.begin());
  }
  std::vector<std::string_view> header_;
  std::vector<std::vector<std::string_view>> rows_;
};

Slot slot_of(const Table& servers, size_t row) {
  const int admin = int(number(servers.at(row, "srv_admin_state")));
  Slot slot;
  slot.name = servers.at(row, "srv_name");
  slot.address = fmt::format("{}:{}", servers.at(row, "srv_addr"), servers.at(row, "srv_port"));
  slot.weight = int(number(servers.at(row, "srv_uweight")));
  slot.running = number(servers.at(row, "srv_op_state")) == op_running;
  slot.disabled = (admin & admin_maintenance) != 0;
  slot.draining = !slot.disabled && (admin & admin_drain) != 0;
  return slot;
}

}  // namespace

const Slot* SlotTable::at(std::string_view address) const {
  // A slot that was given back keeps its last address; one that serves comes first.
  const Slot* found = nullptr;
  for (const Slot& slot : slots) {
    if (slot.address == address && (!found || found->disabled)) found = &slot;
  }
  return found;
}

Result<std::string> HaproxyApi::ask(std::string_view line) {
  Result<std::string> answer = socket_.ask(path_, line, timeout_ns_, max_answer);
  if (!answer)
    return OpError{"HAProxy cannot be reached: " + answer.error().message,
                   answer.error().retryable};
  if (answer->find("Permission denied") != std::string::npos) return no_permission("below admin");
  return answer;
}

Result<SlotTable> HaproxyApi::read(const std::string& section) {
  // It goes into commands, where a blank or a semicolon would begin something else.
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-";
  if (section.empty() || section.find_first_not_of(allowed) != std::string::npos)
    return settled_error(fmt::format(
        "`{}` is no name of a backend section; HAProxy allows letters, digits and _ . : -", section));
  const Result<std::string> info = ask("show info;show cli level");
  if (!info) return info.error();
  SlotTable out;
  for (std::string_view rest = *info; !rest.empty();) {
    const std::string_view line = next_part(rest, '\n');
    if (line.starts_with("Pid: ")) out.pid = number(line.substr(5));
    // Reading is allowed at these levels, so the refusal would come only in the middle of a release.
    if (line == "operator" || line == "user") return no_permission(line);
  }
  const Result<std::string> state = ask("show servers state " + section);
  if (!state) return state.error();
  if (state->find("Can't find backend") != std::string::npos) return no_section(section);
  const Result<std::string> stat = ask(fmt::format("show stat {} 4 -1", section));
  if (!stat) return stat.error();
  const Table servers(*state, ' ');
  const Table statistics(*stat, ',');
  if (out.pid == 0 || !servers.has("srv_uweight") || !servers.has("srv_port") ||
      !statistics.has("scur")) {
    return OpError{
        fmt::format("what answers on {} is not the runtime API of HAProxy 2.0 or later", path_)};
  }
  if (servers.is_too_long() || statistics.is_too_long())
    return settled_error(fmt::format("what answers on {} lists more than {} servers of `{}`: no backend section has so "
                                     "many; correct `socket` and `backend` of the router",
                                     path_, max_rows, section));
  std::map<std::string_view, int64_t> sessions;
  for (size_t row = 0; row < statistics.rows(); ++row) {
    if (statistics.at(row, "pxname") != section) continue;
    sessions[statistics.at(row, "svname")] =
        number(statistics.at(row, "scur")) + number(statistics.at(row, "qcur"));
  }
  for (size_t row = 0; row < servers.rows(); ++row) {
    Slot& slot = out.slots.emplace_back(slot_of(servers, row));
    if (const auto found = sessions.find(slot.name); found != sessions.end()) slot.sessions = found->second;
  }
  return out;
}

OpError HaproxyApi::no_permission(std::string_view level) const {
  return settled_error(fmt::format(
      "HAProxy gives the socket {0} only the level {1} and would refuse to change weights; its "
      "configuration must say `stats socket {0} level admin`",
      path_, level));
}

OpError HaproxyApi::no_section(const std::string& section) {
  const Result<std::string> known = ask("show backend");
  std::string names;
  if (known) {
    for (std::string_view rest = *known; !rest.empty() && names.size() <= max_quoted_bytes;) {
      const std::string_view line = next_part(rest, '\n');
      if (line.empty() || line.starts_with('#')) continue;
      names += (names.empty() ? "" : ", ") + std::string(line.substr(0, max_quoted_bytes + 1));
    }
  }
  return settled_error(fmt::format(
      "HAProxy on {} has no backend `{}`, it has {}; correct `backend` of the router", path_,
      section, names.empty() ? "none" : quoted_of(names)));
}

Result<std::string> HaproxyApi::run(const std::vector<std::string>& commands) {
  std::string answers, line;
  for (size_t i = 0; i < commands.size(); ++i) {
    if (!line.empty()) line += ';';
    line += commands[i];
    if (line.size() < max_line && i + 1 < commands.size()) continue;
    const Result<std::string> answer = ask(line);
    if (!answer) return answer.error();
    answers += *answer;
    line.clear();
  }
  return answers;
}

Result<std::vector<std::pair<std::string, std::string>>> HaproxyApi::map(const std::string& file) {
  // As with names of sections: it goes into commands.
  if (file.empty() || file.find_first_of(" \t\r\n;\\#") != std::string::npos)
    return settled_error(fmt::format("`{}` is no path that a command to HAProxy could hold", file));
  const Result<std::string> answer = ask("show map " + file);
  if (!answer) return answer.error();
  if (answer->find("Unknown map identifier") != std::string::npos)
    return settled_error(fmt::format("HAProxy on {} has no map {}; its configuration must read it by this path, as in "
                                     "`use_backend %[req.hdr(x-cohort),map_str({})]`",
                                     path_, file, file));
  std::vector<std::pair<std::string, std::string>> entries;
  for (std::string_view rest = *answer; !rest.empty();) {
    const std::vector<std::string_view> words = split(next_part(rest, '\n'), ' ');  // `0x55… KEY VALUE`
    if (words.size() == 3) entries.emplace_back(words[1], words[2]);
  }
  return entries;
}

Status HaproxyApi::set(const std::vector<std::string>& commands) {
  const Result<std::string> answer = run(commands);
  if (!answer) return answer.error();
  const std::string refusal = quoted_lines(*answer);
  if (refusal.empty()) return Done{};
  return OpError{fmt::format("HAProxy refuses `{}{}`: {}", commands.front(),
                             commands.size() > 1 ? "; …" : "", refusal)};
}

Status HaproxyApi::tell(const std::vector<std::string>& commands) {
  const Result<std::string> answer = run(commands);
  if (!answer) return answer.error();
  return Done{};
}

}  // namespace rollout::backend
