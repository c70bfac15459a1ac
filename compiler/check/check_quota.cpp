// `quota = 24`, of a target that runs instances: how many it may hold at once.
#include "compiler/check/context.h"

namespace rollout::check {

/// The other settings are the backend's, and so is one of this name that the backend declares itself.
llvm::SmallVector<ast::Setting> Checker::check_quota(ir::Target& target, const ir::Backend& backend) {
  llvm::SmallVector<ast::Setting> others;
  bool workload = llvm::any_of(backend.capabilities, [&](uint32_t index) {
    return ir::sets(*program_.capabilities[index].decl, "instances");
  });
  bool own = llvm::any_of(backend.config, [](const ir::Parameter& one) { return one.name.text == "quota"; });
  for (const ast::Setting& setting : target.decl->settings) {
    if (setting.name.text != "quota" || own || !workload) {
      others.push_back(setting);
      continue;
    }
    if (target.quota) diagnostics_.report(setting.name.span, diag::GivenTwice, "quota");
    if (setting.has_block) diagnostics_.report(setting.name.span, diag::NoBlock, "quota");
    expect(setting.value, simple(TypeKind::Int), "`quota`");
    target.quota = setting.value;
  }
  return others;
}

}  // namespace rollout::check
