#include "compiler/check/circles.h"

#include <algorithm>

namespace rollout::check {

namespace {

class CircleSearch {
 public:
  CircleSearch(const ir::Program& program, const std::vector<StrategyCall>& calls, Diagnostics& diagnostics)
      : program_(program), calls_(calls), diagnostics_(diagnostics), depths_(program.strategies.size()) {}

  /// True when something was found and reported.
  bool search(uint32_t from) {
    if (depths_[from]) return false;
    path_.push_back(from);
    size_t depth = 1;
    for (const StrategyCall& call : calls_) {
      if (call.from != from) continue;
      auto start = std::find(path_.begin(), path_.end(), call.to);
      if (start != path_.end()) return report_circle(size_t(start - path_.begin()), call);
      bool too_deep = path_.size() > max_made_of || depths_[call.to] > max_made_of;
      if (too_deep) diagnostics_.report(call.span, diag::TooDeep, int(max_made_of));
      if (too_deep || search(call.to)) return true;
      depth = std::max(depth, depths_[call.to] + 1);
    }
    path_.pop_back();
    depths_[from] = depth;
    return false;
  }

 private:
  bool report_circle(size_t start, const StrategyCall& call) {
    const ast::Name& name = program_.strategies[call.to].decl->name;
    std::string circle;
    for (size_t i = start; i < path_.size(); ++i)
      circle += fmt::format("{} → ", program_.strategies[path_[i]].decl->name.text);
    diagnostics_.report(call.span, diag::StrategyCircle, std::string(name.text), circle + std::string(name.text))
        .at(name.span, "declared here");
    return true;
  }

  const ir::Program& program_;
  const std::vector<StrategyCall>& calls_;
  Diagnostics& diagnostics_;
  std::vector<size_t> depths_;  ///< how deep each strategy's calls go; 0: not known yet
  std::vector<uint32_t> path_;
};

}  // namespace

void check_circles(const ir::Program& program, const std::vector<StrategyCall>& calls, Diagnostics& diagnostics) {
  CircleSearch circles(program, calls, diagnostics);
  for (uint32_t i = 0; i < program.strategies.size(); ++i)
    if (circles.search(i)) return;
}

}  // namespace rollout::check
