#include "runtime/effects/http.h"

#include <fmt/format.h>

namespace rollout::effects {

std::string_view HttpResponse::header(std::string_view name) const {
  for (const auto& [known, value] : headers)
    if (known == name) return value;
  return {};
}

std::vector<Result<HttpResponse>> Http::send_all(const std::vector<HttpRequest>& requests,
                                                 const std::function<void()>& meanwhile) {
  meanwhile();
  std::vector<Result<HttpResponse>> answers;
  answers.reserve(requests.size());
  for (const HttpRequest& request : requests) answers.push_back(send(request));
  return answers;
}

void Http::begin(int64_t number, HttpRequest request) { begun_.push_back({number, send(request)}); }

std::vector<HttpAnswer> Http::collect() { return std::exchange(begun_, {}); }

std::string url_encode(std::string_view text) {
  std::string out;
  for (const unsigned char byte : text) {
    const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.' ||
                       byte == '~';
    if (plain) out += char(byte);
    else out += fmt::format("%{:02X}", byte);
  }
  return out;
}

}  // namespace rollout::effects
