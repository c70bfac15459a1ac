// Private to compiler/check: what to do about a capability that a service, flag or database lacks: what it is bound to,
// which targets and backends have it, which strategies do without it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/diagnostics.h"
#include "compiler/check/check.h"
#include "compiler/ir/program.h"

namespace rollout::check {

/// `service`: who lacks it; null: nobody that is known by name, such as the parameter of a strategy.
void explain_lacking(Diagnostic& diagnostic, const ir::Program& program, const Library& library,
                     const ir::Service* service, std::string_view capability);

/// A setting, and the capability of the program or the library that it binds.
struct BoundAs {
  std::string setting, capability;
  bool operator==(const BoundAs&) const = default;
};
std::vector<BoundAs> settings_of(const ir::Program& program, const Library& library, ir::TypeKind subject);

/// The targets that have it, and how one of them is bound; where there is none the backends of the library.
void advise_fitting(Diagnostic& diagnostic, const ir::Program& program, const Library& library,
                    std::string_view capability);

/// The backends of the library that implement it and do not lack this action.
std::vector<std::string> backends_with(const Library& library, std::string_view capability, std::string_view action);

/// An action of the library, and the file that declares it, as an import writes it.
struct LibraryAction {
  std::string name, capability, path;
};
std::vector<LibraryAction> actions_of(const Library& library);

/// The capability, of the program or the library, that has an action of this name on such a subject; empty: none.
std::string capability_with(const ir::Program& program, const Library& library, ir::TypeKind subject,
                            std::string_view action);

}  // namespace rollout::check
