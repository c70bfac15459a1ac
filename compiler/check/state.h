// Private to compiler/check: where a check stands: the names that are visible, and what it keeps for later.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/StringMap.h>

#include "compiler/base/diagnostics.h"
#include "compiler/eval/range.h"
#include "compiler/ir/program.h"

namespace rollout::check {

using ir::Type;
using ir::TypeKind;

/// Whether it binds a target that was wrong: reported there, so nothing is said of what the service cannot do.
bool lacks_binding(const ir::Service& service);

/// Of a `match`, by case: where it stands.
using Answers = llvm::SmallDenseMap<uint32_t, Span>;

struct Local {
  std::string_view name;
  const Type* type;
  uint32_t slot;
  Span span;
  ir::Time time;
};
/// The names of a body, the innermost last. Finding one does not take longer where there are many.
class Locals {
 public:
  const Local* find(std::string_view name) const {
    auto found = last_.find(name);
    return found == last_.end() ? nullptr : &all_[found->second];
  }
  void push_back(const Local& local) {
    uint32_t index = uint32_t(all_.size());
    auto [last, fresh] = last_.try_emplace(local.name, index);
    hidden_.push_back(fresh ? index : std::exchange(last->second, index));
    all_.push_back(local);
  }
  void resize(size_t size) {
    for (; all_.size() > size; all_.pop_back(), hidden_.pop_back()) {
      if (hidden_.back() + 1 == all_.size()) last_.erase(all_.back().name);
      else last_[all_.back().name] = hidden_.back();
    }
  }
  void clear() { resize(0); }
  size_t size() const { return all_.size(); }
  auto begin() const { return all_.begin(); }
  auto end() const { return all_.end(); }

 private:
  std::vector<Local> all_;
  std::vector<uint32_t> hidden_;     ///< for each the one that it hides; itself: none
  llvm::StringMap<uint32_t> last_;
};
/// A name that is not there, reported where it was met first; the report stays where it is while files are checked.
struct UnknownName {
  Diagnostic* report = nullptr;
  std::set<uint32_t> places;  ///< where it was met, by the byte; a file may be looked at twice
  size_t note = 0;            ///< which note counts them, once some are not shown
};
/// By module and by what was looked for.
using UnknownNames = std::map<std::pair<ir::ModuleId, std::string>, UnknownName>;
/// Where the checker stands, while it looks at another declaration.
struct Place {
  Locals locals;
  ir::ModuleId module;
  bool in_test;
  const std::vector<std::string_view>* given;
  bool planned;
  ir::Time time;
};
/// A `where` and, unless null, a constant that must fit it.
struct Bound {
  ir::Parameter parameter;
  ir::ModuleId module;
  const ast::Expr* given;
};
/// A constant that must fit what its clause allows and, unless `behind` is null, be more than that one.
struct Ranged {
  const eval::Range* range;
  ir::ModuleId module;
  const ast::Expr* given;
  const ast::Expr* behind;
};

}  // namespace rollout::check
