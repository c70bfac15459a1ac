// Http: requests with a bound on time and size, over TCP or a unix socket. TLS is verified. No
// redirects, and no proxy from the environment: what a plan names is what is asked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::effects {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::string unix_socket;  ///< path; empty: TCP
  std::string body;
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> headers;  ///< beside that of the content
  int64_t timeout_ns = 5'000'000'000;
  size_t max_body = size_t{8} << 20;  ///< a longer answer is an error
};

struct HttpResponse {
  int status = 0;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< of the last answer; names in small letters

  /// The first of that name; empty where there is none. `name`: in small letters.
  std::string_view header(std::string_view name) const;
};

/// The answer to a request that was under way while its sender did something else.
struct HttpAnswer {
  int64_t number = 0;  ///< as `begin` was given it
  Result<HttpResponse> answer;
};

class Http {
 public:
  virtual ~Http() = default;
  /// An error is retryable when no complete answer came (refused, reset, timed out).
  virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
  /// All requests at once; answers in the order of the requests. Takes no longer than the slowest.
  std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests) {
    return send_all(requests, [] {});
  }
  /// `meanwhile` is called once: while the answers are waited for where that is possible, else first.
  virtual std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests,
                                                     const std::function<void()>& meanwhile);
  /// Sets a request going and returns; `collect` gives the answers that have come, and waits for none.
  virtual void begin(int64_t number, HttpRequest request);
  virtual std::vector<HttpAnswer> collect();

 private:
  std::vector<HttpAnswer> begun_;  ///< of an Http that can only wait
};

/// Over libcurl, which is loaded on the first request. Connections are kept and used again.
std::unique_ptr<Http> curl_http();

/// `text` for use inside a query string.
std::string url_encode(std::string_view text);

}  // namespace rollout::effects
