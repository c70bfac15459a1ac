#include "runtime/cli/view_plan.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/calendar/stay.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/view_bounds.h"
#include "runtime/cli/view_during.h"

namespace rollout::cli {

namespace {

constexpr size_t bar_columns = 30;
constexpr size_t least_name_columns = 12, most_name_columns = 24;
constexpr size_t max_rows = 12;        ///< of the timeline, before its middle is left out
constexpr size_t max_conditions = 10;   ///< of all gates together
constexpr size_t max_watches = 4;
constexpr size_t max_ways = 6, max_ways_of_many = 3;  ///< back, from where; fewer where services fill the screen
constexpr size_t many_services = 12;
constexpr size_t during_columns = 10;   ///< before the text of the paragraph

/// Draws one plan as text; each member function is one paragraph.
struct PlanView {
  const plan::Plan& plan;
  const Style& style;
  bool all;
  Outline outline = outline_of(plan);
  size_t name_columns = columns_of_names();

  size_t columns_of_names() const {
    size_t most = least_name_columns;
    for (const Row& row : outline.rows) most = std::max(most, width_of(row_name(plan, row)));
    return std::min(most, most_name_columns);
  }

  size_t columns() const { return size_t(std::max(style.columns, 60)); }

  std::string line(std::string_view text) const {
    return cut(text, columns(), style) + "\n";
  }

  std::string header(std::string_view hash) const {
    std::string title = fmt::format("rollout {}", plan::rollout_text(plan));
    std::string place =
        plan.sources.empty() ? "" : fmt::format("  {} {}", style.dot(), plan.sources.back().path);
    std::string out =
        fmt::format("{}  {} plan {}{}\n", style.bold(title), style.dot(), short_hash(hash), style.dim(place));
    for (const Change& change : outline.changes) {
      std::string from = from_text(change), to = to_text(change);
      std::string versions = from == to ? fmt::format("{}{}", to, change.scaled ? "" : " (no change)")
                                        : fmt::format("{} {} {}", from, style.arrow(), style.bold(to));
      std::string was = change.was.empty() ? "" : fmt::format(" (was {})", change.was);
      std::string what = fmt::format("  {}{}  {}", style.name(change.service), was, versions);
      bool fits = width_of(what) + width_of(change.where) + 4 <= columns();
      out += fmt::format("{}{}({})\n", what, fits ? "  " : "\n    ", change.where);
    }
    return out;
  }

  std::string during() const {
    if (!plan.during || plan.steps.empty()) return {};
    std::string out;
    for (std::string_view text : {during_text(*plan.during), at_close_text(*plan.during)})
      for (const std::string& part : wrap(text, columns() - during_columns))
        out += std::string(during_columns, ' ') + part + "\n";
    out += indented(start_text() + clocks_text());
    return "\n  " + style.dim("during") + "  " + out.substr(during_columns);
  }

  /// From when on it meets no close, however long everything takes.
  std::string start_text() const {
    if (!plan.facts || !plan.facts->start) return {};
    const plan::SafeStart& all = *plan.facts->start;
    const plan::SafeStart& quick = plan.facts->start_answered.value_or(all);
    auto text = [](const plan::SafeStart& start) {
      return fmt::format("{} (it needs {})", calendar::windows_text(start.weekly), seconds_text(start.needs_ns));
    };
    if (quick.weekly.empty())
      return fmt::format("whenever it begins, it may meet a close (it needs {})", seconds_text(quick.needs_ns));
    if (all.weekly == quick.weekly) return fmt::format("meets no close if it begins {}", text(all));
    if (all.weekly.empty())
      return fmt::format("meets no close if people answer at once and it begins {}", text(quick));
    return fmt::format("meets no close if it begins {}; if people answer at once, {}", text(all), text(quick));
  }

  /// The hours of a week are said as if each day had twenty-four.
  std::string clocks_text() const {
    if (!plan.facts || !plan.facts->start || plan.facts->start->weekly.empty()) return {};
    int64_t shorter_ns = calendar::clock_shift(plan.during->calendar).shorter_ns;
    return shorter_ns == 0 ? std::string()
                           : fmt::format("; {} less where the clocks change while it is open",
                                         eval::duration_text(shorter_ns));
  }

  /// What the plan was held to, and when it may not begin.
  std::string policies() const {
    if (plan.policies.empty() && plan.forbidden.empty() && plan.exceptions.empty()) return {};
    std::string names = plan.policies.empty() ? "(none)" : join(plan.policies, ", ");
    std::string out = "\n  " + style.dim("policies") + "  " + names + "\n";
    auto add = [&](const std::string& text) {
      for (const std::string& part : wrap(text, columns() - during_columns))
        out += std::string(during_columns + 2, ' ') + part + "\n";
    };
    for (const plan::Forbidden& forbidden : plan.forbidden)
      add(fmt::format("{} during {}", forbidden.unless_open ? "begun only" : "not begun",
                      calendar::calendar_text(forbidden.during.calendar)));
    for (const plan::PolicyException& exception : plan.exceptions) add(exception_text(exception));
    return out;
  }

  std::string bar(const Row& row, int64_t share_ppb) const {
    if (row.hold_ns == 0 || outline.hold_ns == 0) return {};
    double scale = double(bar_columns) / double(outline.hold_ns);
    size_t from = std::min(size_t(double(row.start_ns) * scale), bar_columns - 1);
    size_t to = std::clamp(size_t(double(row.start_ns + row.hold_ns) * scale + 0.5), from + 1, bar_columns);
    return std::string(from, ' ') + repeat(style.level(share_ppb), to - from);
  }

  /// Below the canary, with which it is compared.
  std::string control_line(const Row& row) const {
    if (!row.control_ppb || row.hold_ns == 0) return {};
    return line(style.dim(fmt::format("  {} {}  {}", left("  control", name_columns),
                                      right(eval::percent_text(*row.control_ppb), 5), bar(row, *row.control_ppb))));
  }

  std::string beside_line(const Row& row) const {
    std::string beside = beside_text(plan, row);
    return beside.empty() ? "" : line(style.dim(fmt::format("  {} {}", left("  beside it", name_columns), beside)));
  }

  std::string row_line(const Row& row) const {
    if (row.phase == plan::none && row.hold_ns == 0)
      return line(fmt::format("  {} {}", style.rule(), cut(join(action_texts(plan, row), ", "), 90, style)));
    std::string share = row.share_ppb ? eval::percent_text(*row.share_ppb) : "";
    std::string name = cut(row_name(plan, row), name_columns, style);
    std::string judged = join(gate_texts(plan, row), " and ");
    if (judged.empty()) judged = row.hold_ns > 0 ? "no gate" : join(action_texts(plan, row), ", ");
    std::string drawn = bar(row, row.share_ppb.value_or(0));
    std::string hold = row.hold_ns > 0 ? eval::duration_text(row.hold_ns) : "";
    std::string text = fmt::format("  {} {}  {} {}  ", left(name, name_columns), right(share, 5),
                                   left(drawn, bar_columns), right(hold, 6));
    return style.name(text.substr(0, 2 + name_columns)) + text.substr(2 + name_columns) +
           cut(judged, size_t(std::max(style.columns, 80)) - width_of(text), style) + "\n" + control_line(row) +
           beside_line(row);
  }

  std::string timeline() const {
    if (plan.steps.empty()) return {};
    std::string out = outline.hold_ns == 0
                          ? "\n"
                          : "\n" +
                                style.dim(fmt::format(
                                    "  {} {}  {} {}  {}", left("phase", name_columns), right("share", 5),
                                    left("traffic over time", bar_columns), right("hold", 6), "judged by")) +
                                "\n";
    size_t count = outline.rows.size();
    bool elide = !all && count > max_rows;
    for (size_t i = 0; i < count; ++i) {
      if (elide && i == max_rows / 2) {
        size_t skipped = count - max_rows;
        out += fmt::format("  {} {} more phase{}; --verbose shows {}\n", style.dots(), skipped,
                           skipped == 1 ? "" : "s", skipped == 1 ? "it" : "them");
        i += skipped;
      }
      out += row_line(outline.rows[i]);
    }
    if (outline.hold_ns == 0) return out;
    std::string_view people = plan.approvals.empty() ? "" : " and people";
    return out +
           style.dim(fmt::format("  {} of holds in all, and the time that the actions{} take",
                                 eval::duration_text(outline.hold_ns), people)) +
           "\n";
  }

  std::string bounds() const {
    std::string out;
    for (const std::string& text : bound_texts(plan, style, all)) out += indented(text);
    return out.empty() ? out : "\n  " + style.dim("bounds") + "  " + out.substr(during_columns);
  }

  /// Under the beginning of a paragraph.
  std::string indented(std::string_view text) const {
    std::string out;
    for (const std::string& part : wrap(text, columns() - during_columns))
      out += std::string(during_columns, ' ') + part + "\n";
    return out;
  }

  /// What decides, line by line; two uses of a gate that say the same are shown once.
  std::vector<std::string> gate_lines(const plan::Gate& gate) const {
    std::string least =
        gate.minimum_requests > 0 ? fmt::format(", {} requests before a pass", gate.minimum_requests) : "";
    std::vector<std::string> lines{fmt::format("  every {}{}", eval::duration_text(gate.sample_ns), least)};
    for (uint32_t condition : gate.conditions) lines.push_back(condition_text(plan.conditions[condition]));
    for (std::string& response : plan::response_texts(plan, gate)) lines.push_back(std::move(response));
    return lines;
  }

  /// Of two uses of a gate the second shows what is other than in the first.
  std::string gates() const {
    if (plan.gates.empty()) return {};
    std::vector<std::pair<std::string, std::vector<std::string>>> seen;
    std::string out = "\n  " + style.dim("gates") + "\n";
    size_t shown = 0;
    for (const plan::Gate& gate : plan.gates) {
      std::string name = gate.text.substr(0, gate.text.find('('));
      std::vector<std::string> lines = gate_lines(gate);
      if (std::find(seen.begin(), seen.end(), std::pair(name, lines)) != seen.end()) continue;
      auto first = std::find_if(seen.begin(), seen.end(), [&](const auto& other) { return other.first == name; });
      bool again = first != seen.end(), alike = again && first->second.size() == lines.size();
      out += fmt::format("  {}{}{}\n", style.name(again ? gate.text : name), lines.front(),
                         alike ? fmt::format(", as {} but", name) : "");
      size_t left_out = 0;
      for (size_t i = 1; i < lines.size(); ++i) {
        if (alike && first->second[i] == lines[i]) continue;
        if (i <= gate.conditions.size() && !all && ++shown > max_conditions) ++left_out;
        else out += line("    " + lines[i]);
      }
      if (left_out > 0)
        out += fmt::format("    {} {} more condition{}\n", style.dots(), left_out, left_out == 1 ? "" : "s");
      seen.emplace_back(std::move(name), std::move(lines));
    }
    return out;
  }

  /// Rows with the same way back share a line.
  std::string way_back() const {
    if (plan.steps.empty()) return {};
    std::string out = "\n  " + style.dim("way back") + "\n";
    size_t shown = 0, most = outline.changes.size() > many_services ? max_ways_of_many : max_ways;
    for (size_t i = 0; i < outline.rows.size();) {
      size_t end = i + 1;
      while (end < outline.rows.size() && outline.rows[end].same_way) ++end;
      if (!all && ++shown > most) {
        i = end;
        continue;
      }
      BackText back = back_text(plan, outline.rows[i]);
      std::vector<std::string> names;
      for (size_t k = i; k < end; ++k) names.push_back(from_name(outline.rows[k]));
      if (names.size() > 3) names = {names.front(), std::string(style.dots()), names.back()};
      std::string bound =
          back.parts.empty() ? "" : fmt::format("  {} {}", style.at_most(), eval::duration_text(back.worst_ns));
      out += way_lines(fmt::format("  from {}{}:", join(names, ", "), bound), back);
      i = end;
    }
    if (!all && shown > most) out += fmt::format("  {} {} more\n", style.dots(), shown - most);
    for (const plan::Step& step : plan.steps)
      if (step.kind == plan::StepKind::Commit) out += line(fmt::format("  never back across {}", step.text));
    if (plan.rollback.verify_gate != plan::none)
      out += fmt::format("  then verify {} within {}\n", plan.gates.at(plan.rollback.verify_gate).text,
                         eval::duration_text(plan.rollback.verify_within_ns));
    return out;
  }

  std::string hooks() const {
    std::vector<std::string> texts = hook_texts(plan);
    if (texts.empty()) return {};
    std::string out = "\n  " + style.dim("beside the way back") + "\n";
    for (const std::string& text : texts) out += line("  " + text);
    return out;
  }

  std::string on_failure() const {
    std::vector<std::string> texts = scope_texts(plan);
    if (texts.empty()) return {};
    std::string out = "\n  " + style.dim("on failure") + "\n";
    for (size_t i = 0; i < texts.size(); ++i) {
      if (i == max_watches && !all) return out + fmt::format("  {} {} more\n", style.dots(), texts.size() - i);
      for (const std::string& part : wrap(texts[i], columns() - 4))
        out += fmt::format("  {}\n", part);
    }
    return out;
  }

  std::string limits() const {
    std::vector<std::string> texts = limit_texts(plan);
    if (texts.empty()) return {};
    std::string out = "\n  " + style.dim("limits") + "\n";
    for (const std::string& text : texts)
      for (const std::string& part : wrap(text, columns() - 4))
        out += fmt::format("  {}\n", part);
    return out;
  }

  /// A way back is never cut: what does not fit beside where it begins stands below.
  std::string way_lines(const std::string& from, const BackText& back) const {
    if (back.parts.empty() && !back.to.empty()) return from + " nothing to do, parked there\n";
    if (back.parts.empty()) return from + (back.past_commit ? " none: it stays, parked\n" : " nothing to do\n");
    std::string stop = back.to.empty() ? "" : fmt::format(", then parked at {}", back.to);
    if (back.parts.size() == 1) {
      const std::string path = back.parts[0].text + stop;
      bool fits = width_of(from) + 1 + width_of(path) <= columns();
      return from + (fits ? " " + path + "\n" : "\n    " + hanging(path, 4));
    }
    std::string out = from + "\n";
    size_t turn = 0;
    for (const BackPart& part : back.parts) {
      std::string number = part.turn == turn ? "  " : fmt::format("{}.", part.turn);
      out += fmt::format("    {:>3} {}", number, hanging(part.text, 8));
      turn = part.turn;
    }
    if (!back.to.empty()) out += fmt::format("        then parked at {}\n", back.to);
    return out;
  }

  /// The text in lines that begin below its beginning, which stands behind so many columns.
  std::string hanging(std::string_view text, size_t indent) const {
    std::string out;
    for (const std::string& part : wrap(text, columns() - indent))
      out += (out.empty() ? "" : std::string(indent, ' ')) + part + "\n";
    return out;
  }

  std::string from_name(const Row& row) const {
    if (row.phase != plan::none) return row_name(plan, row);
    bool holds = plan.steps[row.steps.front()].kind == plan::StepKind::Hold;
    const plan::Step& step = plan.steps[row.steps.front()];
    // Of many services each may have a `deploy`.
    bool named = step.kind == plan::StepKind::Act && outline.changes.size() > 1;
    if (named) return fmt::format("{} {}", step.action.name, plan::service_text(plan.services[step.action.service]));
    return holds ? "a hold" : step_name(step);
  }

  /// Who may say yes.
  std::string approvals() const {
    if (plan.approvals.empty()) return {};
    std::string out = "\n  " + style.dim("approvals") + "\n";
    std::vector<std::string> seen;
    for (const plan::Approval& approval : plan.approvals) {
      if (std::find(seen.begin(), seen.end(), approval.team) != seen.end()) continue;
      seen.push_back(approval.team);
      out += line(fmt::format("  {}  {}", style.name(approval.team), join(approval.members, ", ")));
    }
    return out;
  }

  /// Who hears of it.
  std::string messages() const {
    if (plan.channels.empty() || plan.steps.empty()) return {};
    std::string out = "\n  " + style.dim("messages") + "\n";
    for (const std::string& text : told_texts(plan)) out += line("  " + text);
    return out;
  }

  std::string watches() const {
    if (plan.watches.empty()) return {};
    std::string out = "\n  " + style.dim("all the time") + "\n";
    std::vector<std::string> watched = watch_texts(plan);
    for (size_t i = 0; i < watched.size(); ++i) {
      if (i == max_watches && !all) return out + fmt::format("  {} {} more\n", style.dots(), watched.size() - i);
      out += line(fmt::format("  rollback when {}", watched[i]));
    }
    return out;
  }

  std::string warnings() const {
    std::string out;
    for (const Warning& one : warnings_of(plan, outline)) out += fmt::format("{} {}\n", style.warn(one.kind), one.text);
    if (!outline.has_changes) out += style.good("no changes:") + " what runs is what this plan would bring\n";
    return out.empty() ? out : "\n" + out;
  }
};

}  // namespace

std::string plan_text(const plan::Plan& plan, std::string_view hash, const Style& style, bool all) {
  PlanView view{plan, style, all};
  return view.header(hash) + view.during() + view.policies() + view.timeline() + view.bounds() + view.gates() +
         view.approvals() + view.way_back() + view.hooks() + view.on_failure() + view.limits() + view.watches() +
         view.messages() + view.warnings();
}

}  // namespace rollout::cli
