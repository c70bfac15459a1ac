#include "compiler/eval/blame.h"

#include <llvm/ADT/STLExtras.h>

namespace rollout::eval {

namespace {

bool in_let(const ir::Program& program, Span place) {
  return llvm::any_of(program.lets, [&](const ir::Let& let) {
    Span whole = let.decl->span;
    return whole.source == place.source && whole.begin <= place.begin && place.end <= whole.end;
  });
}

bool is_of_value(const Diagnostic& diagnostic) {
  return diagnostic.name == diag::RefinementBroken.name || diagnostic.name == diag::CannotCompute.name;
}

std::string_view where_it_showed(const Diagnostic& diagnostic) {
  return diagnostic.name == diag::RefinementBroken.name ? "given here" : "here";
}

void blame(const ir::Program& program, size_t count, Span call, Diagnostics& diagnostics, bool only_values) {
  if (diagnostics.size() == count) return;
  // None is dropped; this is how reports are reached.
  diagnostics.drop_since(count, [&](Diagnostic& told) {
    bool elsewhere = told.span.valid() && told.span.source != call.source;
    if (!elsewhere || (only_values && !is_of_value(told)) || in_let(program, told.span)) return false;
    std::string text = told.label.empty() ? std::string(where_it_showed(told)) : std::move(told.label);
    told.labels.insert(told.labels.begin(), {told.span, std::move(text)});
    told.span = call;
    told.label = "in this call";
    return false;
  });
}

}  // namespace

void blame_caller(const ir::Program& program, size_t count, Span call, Diagnostics& diagnostics) {
  blame(program, count, call, diagnostics, true);
}

void blame_user(const ir::Program& program, size_t count, Span call, Diagnostics& diagnostics) {
  blame(program, count, call, diagnostics, false);
}

}  // namespace rollout::eval
