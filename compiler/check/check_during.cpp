// When a rollout may go forward, and when a test begins.
#include "compiler/check/context.h"
#include "compiler/eval/literal.h"

namespace rollout::check {

/// `during working_hours except fri 12:00..24:00 { at close park }`
void Checker::check_during(const ast::DuringStatement* during, bool in_rollout) {
  if (!in_rollout)
    diagnostics_.report(during->span, diag::DuringInside).advise("write it directly into the `rollout`");
  expect(during->calendar, simple(TypeKind::Calendar), "`during`");
  const ast::Name &close = during->close_words[0], &what = during->close_words[1];
  auto expect_word = [&](const ast::Name& word, std::vector<std::string_view> known, std::string wanted) {
    if (word.text.empty() || std::find(known.begin(), known.end(), word.text) != known.end()) return;
    Diagnostic& diagnostic = diagnostics_.report(word.span, diag::ExpectedFound, wanted, std::string(word.text));
    std::string_view meant = known.size() == 1 ? known[0] : nearest(word.text, known);
    if (!meant.empty()) diagnostic.advise(fmt::format("did you mean `{}`?", meant)).fix(word.span, std::string(meant));
  };
  expect_word(close, {"close"}, "`close`");
  expect_word(what, {"park", "wait"}, "`park` or `wait`");
}

/// `given start 2026-11-20 15:30 in working_hours`, `given start 2026-11-20T14:30Z`
void Checker::check_start(const ast::TestItem& item) {
  if (item.start.text != "start")
    diagnostics_.report(item.start.span, diag::ExpectedFound, "`start`", std::string(item.start.text))
        .fix(item.start.span, "start");
  bool instant = item.moment[1].text.empty();
  for (const ast::Name& part : item.moment) {
    if (part.text.empty()) continue;
    ast::LiteralKind kind = instant                   ? ast::LiteralKind::Instant
                            : &part == item.moment ? ast::LiteralKind::Date
                                                      : ast::LiteralKind::Time;
    Result<eval::Value> value = eval::parse_literal(kind, part.text);
    if (!value) diagnostics_.report(part.span, diag::OutOfRange, std::string(part.text), value.error().message);
  }
  if (!item.subject) return;
  expect(item.subject, simple(TypeKind::Calendar), "`in`");
  if (info(item.subject).time == ir::Time::Constant) starts_.push_back({module_, &item});
}

}  // namespace rollout::check
