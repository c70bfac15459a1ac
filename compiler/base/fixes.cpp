#include "compiler/base/fixes.h"

#include <algorithm>
#include <tuple>

namespace rollout {

std::optional<std::vector<Fix>> ordered_fixes(std::string_view text, std::vector<Fix> fixes) {
  auto place = [](const Fix& fix) { return std::tie(fix.span.begin, fix.span.end, fix.text); };
  std::sort(fixes.begin(), fixes.end(), [&](const Fix& a, const Fix& b) { return place(a) < place(b); });
  auto same = [&](const Fix& a, const Fix& b) { return place(a) == place(b); };
  fixes.erase(std::unique(fixes.begin(), fixes.end(), same), fixes.end());
  for (size_t i = 0; i < fixes.size(); ++i) {
    if (fixes[i].span.end > text.size()) return std::nullopt;
    bool touches = i > 0 && (fixes[i].span.begin < fixes[i - 1].span.end ||
                             fixes[i].span.begin == fixes[i - 1].span.begin);
    if (touches) return std::nullopt;
  }
  return fixes;
}

std::string apply_fixes(std::string_view text, const std::vector<Fix>& ordered) {
  std::string out;
  size_t from = 0;
  for (const Fix& fix : ordered) {
    out += text.substr(from, fix.span.begin - from);
    out += fix.text;
    from = fix.span.end;
  }
  return out += text.substr(from);
}

}  // namespace rollout
