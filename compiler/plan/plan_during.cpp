// When the rollout may go forward.
#include "compiler/eval/calendar_value.h"
#include "compiler/plan/build.h"

namespace rollout::plan {

void Planner::plan_during(const ast::DuringStatement* during, Scope& scope) {
  if (plan_.during) diagnostics_.report(during->span, diag::GivenTwice, "during");
  eval::Value value = eval(during->calendar, scope);
  if (!value.is(eval::Value::Kind::Calendar)) return;
  During planned{eval::calendar_of(value), std::string(calendar::zones_version()), false, {}};
  if (planned.calendar.open.empty())
    diagnostics_.report(during->calendar->span, diag::NeverOpen)
        .advise("see what `except` takes out, and that each window ends after it begins");
  planned.waits = during->close_words[1].text == "wait";
  // On one line, however it is written.
  bool blank = false;
  for (char c : sources_.text(during->calendar->span)) {
    bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!space) planned.text += c;
    else if (!blank) planned.text += ' ';
    blank = space;
  }
  plan_.during = std::move(planned);
}

}  // namespace rollout::plan
