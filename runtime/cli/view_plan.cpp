#include "runtime/cli/view_plan.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/calendar/stay.h"
#include "compiler/verify/proofs.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/view_beside.h"
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
constexpr size_t max_exposed = 3;       ///< services
constexpr size_t max_beside = 4;        ///< of the lines that say what versions live beside
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

  std::string line(std::string_view text) const {
    return cut(text, size_t(std::max(style.columns, 60)), style) + "\n";
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
      out += fmt::format("  {}{}  {}  ({})\n", style.name(change.service), was, versions, change.where);
    }
    return out;
  }

  std::string during() const {
    if (!plan.during || plan.steps.empty()) return {};
    std::string out;
    for (std::string_view text : {during_text(*plan.during), at_close_text(*plan.during)})
      for (const std::string& part : wrap(text, size_t(std::max(style.columns, 60)) - during_columns))
        out += std::string(during_columns, ' ') + part + "\n";
    out += indented(start_text());
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

  /// What the plan was held to, and when it may not begin.
  std::string policies() const {
    if (plan.policies.empty() && plan.forbidden.empty() && plan.exceptions.empty()) return {};
    std::string names = plan.policies.empty() ? "(none)" : join(plan.policies, ", ");
    std::string out = "\n  " + style.dim("policies") + "  " + names + "\n";
    auto add = [&](const std::string& text) {
      for (const std::string& part : wrap(text, size_t(std::max(style.columns, 60)) - during_columns))
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

  std::string row_line(const Row& row) const {
    if (row.phase == plan::none && row.hold_ns == 0)
      return line(fmt::format("  {} {}", style.rule(), cut(join(action_texts(plan, row), ", "), 90, style)));
    std::string share = row.share_ppb ? eval::percent_text(*row.share_ppb) : "";
    std::string name = cut(row_name(plan, row), name_columns, style);
    std::string judged = row.gates.empty() && row.approvals.empty() ? "no gate" : join(gate_texts(plan, row), " and ");
    std::string drawn = bar(row, row.share_ppb.value_or(0));
    std::string text = fmt::format("  {} {}  {} {}  ", left(name, name_columns), right(share, 5),
                                   left(drawn, bar_columns), right(eval::duration_text(row.hold_ns), 6));
    return style.name(text.substr(0, 2 + name_columns)) + text.substr(2 + name_columns) +
           cut(judged, size_t(std::max(style.columns, 80)) - width_of(text), style) + "\n" + control_line(row);
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

  /// What was proven of it: how long, and how much of it users may meet.
  std::string bounds() const {
    if (!plan.facts || plan.steps.empty()) return {};
    const plan::Facts& facts = *plan.facts;
    std::string people = facts.parks ? ", then it may park" : "";
    std::string out = fmt::format("forward {} {}{}, back {} {}", style.at_most(), seconds_text(facts.worst_ns),
                                  people, style.at_most(), seconds_text(facts.back_ns));
    int64_t within = plan.rollback.within_ns;
    if (within > 0 && within < facts.back_ns) out += fmt::format(" (given up after {})", eval::duration_text(within));
    if (facts.detect_ns)
      out += fmt::format(", harm seen {} {}", style.at_most(), seconds_text(*facts.detect_ns));
    out = "\n  " + style.dim("bounds") + "  " + out + "\n";
    out += indented(proofs_text());
    size_t shown = 0;
    for (const plan::ExposureFacts& one : facts.exposure) {
      if (!all && ++shown > max_exposed) break;
      out += indented(exposure_line(one));
    }
    if (shown > max_exposed) out += fmt::format("{}{} more\n", std::string(during_columns, ' '), style.dots());
    for (size_t i = 0; const std::string& text : beside_texts(plan))
      if (all || ++i <= max_beside) out += indented(text);
    for (const std::string& text : peak_texts(plan)) out += indented(text);
    return out;
  }

  /// Under the beginning of a paragraph.
  std::string indented(std::string_view text) const {
    std::string out;
    for (const std::string& part : wrap(text, size_t(std::max(style.columns, 60)) - during_columns))
      out += std::string(during_columns, ' ') + part + "\n";
    return out;
  }

  /// What is proven by gates: how often a good version goes back by mistake, and what is seen in each hold.
  std::string proofs_text() const {
    if (!plan.facts->false_alarm_ppb) return {};
    std::string out = fmt::format("false alarms {} {} of runs", style.at_most(),
                                  eval::percent_text(*plan.facts->false_alarm_ppb));
    std::string_view between = "; smallest rise seen: ";
    for (size_t i = 0; i < plan.phases.size(); ++i) {
      std::optional<int64_t> sees = plan.facts->phases[i].sees_ppb;
      if (!sees) continue;
      std::string rise = *sees >= eval::percent_all ? "none" : "+" + two_digits(*sees);
      out += fmt::format("{}{} in {}", std::exchange(between, ", "), rise, plan.phases[i].name);
    }
    return out;
  }
  /// Rounded up.
  static std::string two_digits(int64_t share_ppb) {
    int64_t unit = 1;
    while (share_ppb / unit >= 100) unit *= 10;
    return eval::percent_text((share_ppb + unit - 1) / unit * unit);
  }

  /// Rounded up.
  static std::string seconds_text(int64_t ns) {
    int64_t seconds = ns / eval::ns_per_s + (ns % eval::ns_per_s > 0);
    return eval::duration_text(seconds * eval::ns_per_s);
  }

  std::string exposure_line(const plan::ExposureFacts& one) const {
    const plan::Service& service = plan.services.at(one.service);
    auto text = [&](int64_t ns) { return fmt::format("{} {}", style.at_most(), seconds_text(ns)); };
    double met = double(service.traffic_uhz) / 1e6 * double(one.harm_ns.value_or(0)) / double(eval::ns_per_s);
    std::string requests = service.traffic_uhz == 0 ? "" : fmt::format(", {:.0f} requests", met);
    std::string begins = verify::begins_text(plan, one.harm_step);
    if (!begins.empty()) begins = fmt::format(" that begins {}", begins);
    std::string harm = one.harm_ns ? fmt::format("{} to harm{}{}; ", text(*one.harm_ns), begins, requests) : "";
    return fmt::format("exposure of {}: {}{} if no gate sees it", plan::service_text(service), harm,
                       text(one.unseen_ns));
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

  std::string gates() const {
    if (plan.gates.empty()) return {};
    std::vector<std::pair<std::string, std::vector<std::string>>> seen;
    std::string out = "\n  " + style.dim("gates") + "\n";
    size_t shown = 0;
    for (const plan::Gate& gate : plan.gates) {
      std::string name = gate.text.substr(0, gate.text.find('('));
      std::vector<std::string> lines = gate_lines(gate);
      if (std::find(seen.begin(), seen.end(), std::pair(name, lines)) != seen.end()) continue;
      bool again = std::any_of(seen.begin(), seen.end(), [&](const auto& other) { return other.first == name; });
      out += fmt::format("  {}{}\n", style.name(again ? gate.text : name), lines.front());
      for (size_t i = 1; i < lines.size(); ++i) {
        if (i <= gate.conditions.size() && !all && ++shown > max_conditions) continue;
        out += line("    " + lines[i]);
      }
      seen.emplace_back(std::move(name), std::move(lines));
    }
    if (shown > max_conditions && !all)
      out += fmt::format("    {} {} more conditions\n", style.dots(), shown - max_conditions);
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
      for (const std::string& part : wrap(texts[i], size_t(std::max(style.columns, 60)) - 4))
        out += fmt::format("  {}\n", part);
    }
    return out;
  }

  std::string limits() const {
    std::vector<std::string> texts = limit_texts(plan);
    if (texts.empty()) return {};
    std::string out = "\n  " + style.dim("limits") + "\n";
    for (const std::string& text : texts)
      for (const std::string& part : wrap(text, size_t(std::max(style.columns, 60)) - 4))
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
      bool fits = width_of(from) + 1 + width_of(path) <= size_t(std::max(style.columns, 60));
      return from + (fits ? " " : "\n    ") + path + "\n";
    }
    std::string out = from + "\n";
    size_t turn = 0;
    for (const BackPart& part : back.parts) {
      std::string number = part.turn == turn ? "  " : fmt::format("{}.", part.turn);
      out += fmt::format("    {:>3} {}\n", number, part.text);
      turn = part.turn;
    }
    if (!back.to.empty()) out += fmt::format("        then parked at {}\n", back.to);
    return out;
  }

  std::string from_name(const Row& row) const {
    if (row.phase != plan::none) return row_name(plan, row);
    bool holds = plan.steps[row.steps.front()].kind == plan::StepKind::Hold;
    return holds ? "a hold" : step_name(plan.steps[row.steps.front()]);
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
    if (plan.offline)
      out += style.warn("offline:") + " nothing that runs was looked at; `apply` refuses this plan\n";
    for (const Change& change : outline.changes) {
      bool service = change.subject == plan::Subject::Service;
      if (!service || !change.known || !change.from.empty() || change.to.empty()) continue;
      out += fmt::format("{} nothing of {} runs yet: its way back is to remove it again\n",
                         style.warn("first version:"), change.service);
    }
    for (const plan::Observed& observed : plan.observed) {
      if (!observed.what.starts_with("digest(") || !observed.value.is(eval::Value::Kind::None)) continue;
      std::string image = observed.what.substr(7, observed.what.size() - 8);
      out += observed.source.starts_with("target ")
                 ? fmt::format("{} the digest of {} is not known: {}; a plan made without --offline has it\n",
                               style.warn("unresolved:"), image, observed.source)
                 : fmt::format("{} {} is named by its tag alone, which can be moved; name its digest with "
                               "`@sha256:…`, or bind the service to its registry\n",
                               style.warn("unpinned:"), image);
    }
    for (const Change& change : outline.changes)
      if (!change.unreached.empty())
        out += fmt::format("{} {}: {}; it counts as failed, and nothing is changed there\n",
                           style.warn("not reached:"), change.service, change.unreached);
    for (const Change& change : outline.changes) {
      if (change.trouble.empty()) continue;
      std::string_view cure = change.from != change.to ? ""
                              : outline.has_changes    ? "; this plan mends it"
                                                       : "; a rollout that installs this version again mends it";
      out += fmt::format("{} {}: {}{}\n", style.warn("in trouble:"), change.service, change.trouble, cure);
    }
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
