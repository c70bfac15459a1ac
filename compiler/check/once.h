// Private to compiler/check: names of which each stands once, and names that the language keeps for itself.
#pragma once

#include <string>
#include <string_view>

#include <llvm/ADT/StringMap.h>

#include "compiler/base/diagnostics.h"

namespace rollout::check {

/// Reports, as `kind`, every name that stood before.
class Once {
 public:
  Once(Diagnostics& diagnostics, const DiagnosticKind<std::string>& kind) : diagnostics_(diagnostics), kind_(kind) {}

  void add(std::string_view name, Span span) {
    auto [first, fresh] = seen_.try_emplace(name, span);
    if (!fresh) diagnostics_.report(span, kind_, std::string(name)).at(first->second, "the first one");
  }

 private:
  Diagnostics& diagnostics_;
  const DiagnosticKind<std::string>& kind_;
  llvm::StringMap<Span> seen_;
};

/// Whether the name is that of a type of the language: no declaration could give it another meaning.
bool is_type_name(std::string_view name);

}  // namespace rollout::check
