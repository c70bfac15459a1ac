#include <fmt/format.h>

#include "runtime/cli/outline.h"
#include "runtime/cli/view_bounds.h"
#include "runtime/cli/view_during.h"
#include "runtime/cli/view_plan.h"

namespace rollout::cli {

namespace {

constexpr size_t max_rows = 50;  ///< comments have a size limit on every forge

/// Text of the user's files inside a table: it must not end the cell, be markup, or call anybody.
std::string cell(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool ends_link_text = c == ']' && text.substr(i + 1).starts_with('(');
    bool markup = c == '|' || c == '*' || c == '~' || c == '`' || c == '\\' || ends_link_text;
    if (markup) out += '\\';
    if (c == '<') out += "&lt;";
    else if (c == '@') out += "&#64;";
    else out += c == '\n' ? ' ' : c;
  }
  return out;
}

/// Inside a code span nothing is markup but the ends of the span and of the cell.
std::string code(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|') out += "\\|";
    else out += c == '`' ? '\'' : c == '\n' ? ' ' : c;
  }
  return out.empty() ? out : fmt::format("`{}`", out);
}

std::string change_line(const Change& change) {
  std::string from = !change.known ? "*not looked at*" : change.from.empty() ? "*nothing*" : code(change.from);
  std::string to = change.to.empty() ? "*nothing*" : code(change.to);
  if (!change.touched) to = "*no change*";
  return fmt::format("- **{}**: {} → {} ({})\n", cell(change.service), from, to, cell(change.where));
}

std::string table(const plan::Plan& plan, const Outline& outline) {
  std::string out =
      "\n| phase | share | hold | judged by | way back | at most |\n|---|---:|---:|---|---|---:|\n";
  for (size_t i = 0; i < outline.rows.size(); ++i) {
    if (i == max_rows) return out + fmt::format("\n… and {} more phases.\n", outline.rows.size() - i);
    const Row& row = outline.rows[i];
    bool outside = row.phase == plan::none;
    std::string acts = join(action_texts(plan, row), ", ");
    std::string name = outside ? fmt::format("*{}*", cell(acts.empty() ? row_name(plan, row) : acts))
                               : fmt::format("**{}**", cell(row_name(plan, row)));
    std::string share = row.share_ppb && !outside ? eval::percent_text(*row.share_ppb) : "";
    if (!share.empty() && row.control_ppb && row.hold_ns > 0)
      share += fmt::format("<br>control {}", eval::percent_text(*row.control_ppb));
    if (std::string beside = beside_text(plan, row); !share.empty() && !beside.empty())
      share += fmt::format("<br>beside {}", cell(beside));
    std::string hold = row.hold_ns > 0 ? eval::duration_text(row.hold_ns) : "";
    BackText way = back_text(plan, row);
    std::vector<std::string> turns;
    for (const BackPart& part : way.parts)
      turns.push_back(way.parts.size() == 1 ? cell(part.text) : fmt::format("{}. {}", part.turn, cell(part.text)));
    std::string back = join(turns, "<br>");
    if (turns.empty() && way.past_commit) back = "none: it stays, parked";
    std::string bound = turns.empty() ? "" : eval::duration_text(way.worst_ns);
    out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", name, share, hold,
                       code(join(gate_texts(plan, row), " and ")), back, bound);
  }
  return out;
}

std::string approvals(const plan::Plan& plan) {
  std::string out;
  for (const plan::Approval& approval : plan.approvals)
    out += fmt::format("\nWaits for approval by {}: {}\n", code(plan::approval_text(approval)),
                       cell(join(approval.members, ", ")));
  return out;
}

std::string conditions(const plan::Plan& plan) {
  if (plan.gates.empty()) return {};
  std::string out = "\n<details><summary>What the gates ask</summary>\n\n";
  for (const plan::Gate& gate : plan.gates) {
    out += fmt::format("- {} every {}\n", code(gate.text), eval::duration_text(gate.sample_ns));
    for (uint32_t condition : gate.conditions)
      out += fmt::format("  - {}\n", code(condition_text(plan.conditions[condition])));
    for (const std::string& response : plan::response_texts(plan, gate)) out += fmt::format("  - {}\n", code(response));
  }
  return out + "\n</details>\n";
}

}  // namespace

std::string plan_markdown(const plan::Plan& plan, std::string_view hash) {
  Outline outline = outline_of(plan);
  std::string in = plan.environment.empty() ? "" : fmt::format(" in `{}`", plan.environment);
  std::string out = fmt::format("### Rollout `{}`{}\n\n", plan.rollout, in);
  for (const Change& change : outline.changes) out += change_line(change);
  if (plan.during)
    out += fmt::format("\nOnly during {}; {}.\n", code(during_text(*plan.during)), at_close_text(*plan.during));
  if (!plan.policies.empty()) out += fmt::format("\nHeld to: {}.\n", code(join(plan.policies, ", ")));
  for (const plan::PolicyException& exception : plan.exceptions)
    out += fmt::format("\n> {}.\n", exception_text(exception));
  for (const plan::Forbidden& forbidden : plan.forbidden)
    out += fmt::format("\n{} during {}.\n", forbidden.unless_open ? "Begun only" : "Not begun",
                       code(calendar::calendar_text(forbidden.during.calendar)));
  out += table(plan, outline);
  std::vector<std::string> bounds = bound_texts(plan, {}, false);
  if (!bounds.empty()) out += "\nProven:\n";
  for (const std::string& bound : bounds) out += fmt::format("- {}\n", cell(bound));
  if (plan.rollback.verify_gate != plan::none)
    out += fmt::format("\nAfter a rollback {} must pass within {}.\n",
                       code(plan.gates.at(plan.rollback.verify_gate).text),
                       eval::duration_text(plan.rollback.verify_within_ns));
  for (const plan::Step& step : plan.steps)
    if (step.kind == plan::StepKind::Commit)
      out += fmt::format("\nPoint of no return: {}; a rollback never crosses it.\n", code(step.text));
  for (const std::string& hook : hook_texts(plan)) out += fmt::format("\nBeside the way back, {}.\n", cell(hook));
  for (const std::string& scope : scope_texts(plan)) out += fmt::format("\nOn failure, {}.\n", code(scope));
  for (const std::string& limit : limit_texts(plan)) out += fmt::format("\nLimit: {}.\n", cell(limit));
  for (const std::string& watched : watch_texts(plan))
    out += fmt::format("\nAll the time: {}\n", code("rollback when " + watched));
  for (const std::string& told : told_texts(plan)) out += fmt::format("\nMessages to {}\n", cell(told));
  out += approvals(plan) + conditions(plan);
  for (const Warning& one : warnings_of(plan, outline)) out += fmt::format("\n> **{}** {}\n", one.kind, cell(one.text));
  if (!outline.has_changes) out += "\n> No changes: what runs is what this plan would bring.\n";
  return out + fmt::format("\n<sub>plan {} · holds {}</sub>\n", short_hash(hash),
                           eval::duration_text(outline.hold_ns));
}

}  // namespace rollout::cli
