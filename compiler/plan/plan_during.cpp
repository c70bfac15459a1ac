// When the rollout may go forward.
#include "compiler/eval/calendar_value.h"
#include "compiler/plan/build.h"

namespace rollout::plan {

void Planner::plan_during(const ast::DuringStatement* during, Scope& scope) {
  if (plan_.during) diagnostics_.report(during->span, diag::GivenTwice, "during");
  eval::Value value = eval(during->calendar, scope);
  if (!value.is(eval::Value::Kind::Calendar)) return;
  During planned = as_during(value, during->calendar->span);
  if (planned.calendar.open.empty())
    diagnostics_.report(during->calendar->span, diag::NeverOpen)
        .advise("see what `except` takes out, and that each window ends after it begins");
  planned.place = place_text(during->span);
  planned.waits = during->close_words[1].text == "wait";
  plan_.during = std::move(planned);
}

/// With its text on one line, however it is written.
During Planner::as_during(const eval::Value& calendar, Span written) const {
  During during{eval::calendar_of(calendar), std::string(calendar::zones_version()), false, {}, {}};
  bool blank = false;
  for (char c : sources_.text(written)) {
    bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!space) during.text += c;
    else if (!blank) during.text += ' ';
    blank = space;
  }
  return during;
}

}  // namespace rollout::plan
