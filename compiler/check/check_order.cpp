// `in dependency order`: the rounds of a loop over services, or over records that each name one.
#include "compiler/check/context.h"

namespace rollout::check {

void Checker::check_order(const ast::ForStatement* loop, const Type* item) {
  std::string_view words[] = {"dependency", "order"};
  for (int i : {0, 1}) {
    const ast::Name& found = loop->order_words[i];
    if (found.text != words[i])
      diagnostics_.report(found.span, diag::ExpectedFound, fmt::format("`{}`", words[i]), std::string(found.text))
          .advise("rounds go `in dependency order`, `in waves [1, rest]` or `in batches of 10%`")
          .fix(found.span, std::string(words[i]));
  }
  size_t services = item->is(TypeKind::Service);
  if (item->is(TypeKind::Record))
    for (const ir::Parameter& field : program_.records[item->index].fields)
      services += field.type->is(TypeKind::Service);
  if (services != 1 && !item->is(TypeKind::Error))
    diagnostics_.report(loop->range->span, diag::WrongType, "`in dependency order`", "services", text(item))
        .advise("loop over services, or over records with one field of type Service");
}

}  // namespace rollout::check
