#include "compiler/base/masked.h"

#include <algorithm>

namespace rollout {

namespace {

/// There a name alone may be a token; the name of a user of a database is none.
bool is_web(std::string_view before) { return before.ends_with("http") || before.ends_with("https"); }

}  // namespace

std::vector<Cut> userinfos(std::string_view text) {
  constexpr std::string_view sign = "://";
  std::vector<Cut> found;
  for (size_t at = text.find(sign); at != std::string_view::npos; at = text.find(sign, at)) {
    at += sign.size();
    size_t end = std::min(text.find_first_of("/?#\"' \t\n", at), text.size());
    std::string_view host = text.substr(at, end - at);
    size_t sign_at = host.rfind('@');
    bool some = sign_at != std::string_view::npos && sign_at > 0;
    if (some && (is_web(text.substr(0, at - sign.size())) || host.find(':') < sign_at)) found.push_back({at, sign_at});
    at = end;
  }
  return found;
}

std::string masked(std::string_view text) {
  std::string out;
  size_t copied = 0;
  for (const Cut& cut : userinfos(text)) {
    out.append(text.substr(copied, cut.at - copied)).append(mask);
    copied = cut.at + cut.bytes;
  }
  return out.append(text.substr(copied));
}

}  // namespace rollout
