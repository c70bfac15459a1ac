#include <sys/socket.h>

#include <deque>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <llvm/ADT/StringRef.h>

#include "runtime/effects/connect_rule.h"
#include "runtime/effects/curl_api.h"
#include "runtime/effects/http.h"
#include "runtime/effects/loopback.h"

namespace rollout::effects {
namespace {

constexpr int poll_ms = 200;
constexpr int64_t ns_per_ms = 1'000'000;
constexpr size_t most_urls = 256;  // that are kept parsed

/// A URL as libcurl has parsed it; null where it could not.
using Url = std::unique_ptr<CURLU, decltype(CurlApi::url_cleanup)>;

/// What a handle was told of a request that has no more to say than this: told once, it holds for the next one, too.
struct Plain {
  std::string url, method;
  int64_t timeout_ns = 0;

  explicit Plain(const HttpRequest& request)
      : url(request.url), method(request.method), timeout_ns(request.timeout_ns) {}
  static bool fits(const HttpRequest& request) {
    return request.unix_socket.empty() && request.body.empty() && request.content_type.empty() &&
           request.headers.empty();
  }
};

/// One request under way, by a handle that is used again. Its address is given to libcurl, so it does not move.
struct Transfer {
  const HttpRequest* request = nullptr;
  CURL* easy = nullptr;
  std::optional<Plain> told;
  curl_slist* headers = nullptr;
  HttpResponse response;
  bool too_long = false;
  std::string refused;  ///< why no connection was made, where that was ours to decide
  std::optional<CURLcode> result;
  char reason[CURL_ERROR_SIZE] = {};
};

size_t on_body(char* bytes, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const size_t length = size * count;
  if (transfer.response.body.size() + length > transfer.request->max_body) {
    transfer.too_long = true;
    return 0;  // less than was offered: libcurl ends the transfer
  }
  transfer.response.body.append(bytes, length);
  return length;
}

/// One line of the answer's head. How much of it there is, libcurl bounds itself.
size_t on_header(char* bytes, size_t size, size_t count, void* user) {
  auto& headers = static_cast<Transfer*>(user)->response.headers;
  llvm::StringRef line = llvm::StringRef(bytes, size * count).rtrim();
  if (line.startswith("HTTP/")) headers.clear();
  auto [name, value] = line.split(':');
  if (name.size() < line.size()) headers.emplace_back(name.lower(), value.trim().str());
  return size * count;
}

/// Each address that a name has led to, right before it is connected.
curl_socket_t on_open(void* user, curlsocktype, curl_sockaddr* to) {
  auto& transfer = *static_cast<Transfer*>(user);
  const bool own = transfer.request->unix_socket.empty() && is_this_machine(host_of(transfer.request->url));
  transfer.refused = why_not_connected(&to->addr, to->addrlen, own);
  if (!transfer.refused.empty()) return CURL_SOCKET_BAD;
  return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

class CurlHttp : public Http {
 public:
  ~CurlHttp() override {
    if (!api_) return;
    for (Background& one : background_) {
      api_->multi_remove_handle(behind_, one.transfer->easy);
      if (one.transfer->headers) api_->slist_free_all(one.transfer->headers);
      api_->easy_cleanup(one.transfer->easy);
    }
    for (const auto& one : idle_) api_->easy_cleanup(one->easy);
    if (behind_) api_->multi_cleanup(behind_);
    if (multi_) api_->multi_cleanup(multi_);
  }

  Result<HttpResponse> send(const HttpRequest& request) override {
    return std::move(Http::send_all({request})[0]);
  }

  std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests,
                                             const std::function<void()>& meanwhile) override {
    std::vector<Result<HttpResponse>> answers;
    answers.reserve(requests.size());
    if (const Status loaded = load(); !loaded) {
      meanwhile();
      answers.assign(requests.size(), loaded.error());
      return answers;
    }
    forget_urls();
    std::vector<std::unique_ptr<Transfer>> transfers;
    for (const HttpRequest& request : requests) transfers.push_back(prepare(multi_, request));
    int running = 0;
    api_->multi_perform(multi_, &running);
    meanwhile();
    run();
    for (auto& transfer : transfers) answers.push_back(finish(multi_, std::move(transfer)));
    return answers;
  }

  void begin(int64_t number, HttpRequest request) override {
    if (const Status loaded = load(); !loaded) {
      failed_.push_back({number, loaded.error()});
      return;
    }
    background_.push_back({number, std::make_unique<HttpRequest>(std::move(request)), nullptr});
    Background& one = background_.back();
    one.transfer = prepare(behind_, *one.request);
  }

  std::vector<HttpAnswer> collect() override {
    std::vector<HttpAnswer> answers = std::exchange(failed_, {});
    if (background_.empty()) return answers;
    int running = 0;
    if (api_->multi_perform(behind_, &running) != CURLM_OK) return answers;
    note_results(behind_);
    for (auto one = background_.begin(); one != background_.end();) {
      if (!one->transfer->result) {
        ++one;
        continue;
      }
      answers.push_back({one->number, finish(behind_, std::move(one->transfer))});
      one = background_.erase(one);
    }
    return answers;
  }

 private:
  Status load() {
    if (api_) return Done{};
    Result<CurlApi> api = load_curl();
    if (!api) return api.error();
    multi_ = api->multi_init();
    behind_ = api->multi_init();
    if (!multi_ || !behind_) return OpError{"libcurl gives no multi handle: out of memory"};
    api_ = *api;
    return Done{};
  }

  /// The one that has been idle for longest: where the same places are asked again and again, each keeps its handle.
  std::unique_ptr<Transfer> take() {
    std::unique_ptr<Transfer> transfer;
    if (idle_.empty()) {
      transfer = std::make_unique<Transfer>();
      transfer->easy = api_->easy_init();
      ROLLOUT_CHECK(transfer->easy, "libcurl gives handles as long as there is memory");
    } else {
      transfer = std::move(idle_.front());
      idle_.pop_front();
    }
    return transfer;
  }

  std::unique_ptr<Transfer> prepare(CURLM* multi, const HttpRequest& request) {
    std::unique_ptr<Transfer> transfer = take();
    transfer->request = &request;
    if (transfer->told && Plain::fits(request)) tell_difference(*transfer, request);
    else tell_all(*transfer, request);
    api_->multi_add_handle(multi, transfer->easy);
    return transfer;
  }

  void tell_difference(Transfer& transfer, const HttpRequest& request) {
    Plain& told = *transfer.told;
    if (told.url != request.url) tell_url(transfer.easy, request);
    if (told.method != request.method) api_->easy_setopt(transfer.easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (told.timeout_ns != request.timeout_ns) tell_timeout(transfer.easy, request);
    told = Plain(request);
  }

  /// Reading its URL is a fifth of what a request costs libcurl itself, and most are asked again and again. Null where
  /// it cannot be parsed, or too many are kept.
  CURLU* parsed(const std::string& text) {
    if (const auto found = urls_.find(text); found != urls_.end()) return found->second.get();
    if (urls_.size() >= most_urls) return nullptr;
    Url url(api_->url(), api_->url_cleanup);
    if (!url || api_->url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_GUESS_SCHEME) != CURLUE_OK) url.reset();
    return urls_.emplace(text, std::move(url)).first->second.get();
  }

  /// While no handle is in use: those that were told of one are told everything again.
  void forget_urls() {
    if (urls_.size() < most_urls || !background_.empty()) return;
    for (const auto& one : idle_) one->told.reset();
    urls_.clear();
  }

  /// As text, too: libcurl says from it what is wrong with one that could not be parsed.
  void tell_url(CURL* easy, const HttpRequest& request) {
    api_->easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    api_->easy_setopt(easy, CURLOPT_CURLU, parsed(request.url));
  }

  void tell_timeout(CURL* easy, const HttpRequest& request) {
    api_->easy_setopt(easy, CURLOPT_TIMEOUT_MS, long(std::max<int64_t>(1, request.timeout_ns / ns_per_ms)));
  }

  void tell_all(Transfer& transfer, const HttpRequest& request) {
    CURL* easy = transfer.easy;
    api_->easy_reset(easy);
    transfer.told.reset();
    if (Plain::fits(request)) transfer.told.emplace(request);
    const auto set = api_->easy_setopt;
    tell_url(easy, request);
    set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (!request.unix_socket.empty())
      set(easy, CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
    if (!request.body.empty()) {
      set(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.size()));
      set(easy, CURLOPT_POSTFIELDS, request.body.c_str());
    }
    std::vector<std::pair<std::string, std::string>> headers = request.headers;
    if (!request.content_type.empty()) headers.emplace_back("Content-Type", request.content_type);
    for (const auto& [name, value] : headers)
      transfer.headers = api_->slist_append(transfer.headers, (name + ": " + value).c_str());
    if (transfer.headers) set(easy, CURLOPT_HTTPHEADER, transfer.headers);
    set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_NOPROXY, "*");
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_FOLLOWLOCATION, 0L);
    tell_timeout(easy, request);
    set(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    set(easy, CURLOPT_OPENSOCKETDATA, &transfer);
    set(easy, CURLOPT_ERRORBUFFER, transfer.reason);
    set(easy, CURLOPT_WRITEFUNCTION, on_body);
    set(easy, CURLOPT_WRITEDATA, &transfer);
    set(easy, CURLOPT_HEADERFUNCTION, on_header);
    set(easy, CURLOPT_HEADERDATA, &transfer);
    set(easy, CURLOPT_PRIVATE, &transfer);
  }

  void run() {
    int running = 1;
    while (running > 0) {
      if (api_->multi_perform(multi_, &running) != CURLM_OK) break;
      if (running > 0) api_->multi_poll(multi_, nullptr, 0, poll_ms, nullptr);
    }
    note_results(multi_);
  }

  void note_results(CURLM* multi) {
    int left = 0;
    while (const CURLMsg* message = api_->multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      Transfer* transfer = nullptr;
      api_->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      transfer->result = message->data.result;
    }
  }

  Result<HttpResponse> finish(CURLM* multi, std::unique_ptr<Transfer> transfer) {
    long status = 0;
    api_->easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    const char* type = nullptr;
    api_->easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &type);
    if (type) transfer->response.content_type = type;
    transfer->response.status = int(status);
    api_->multi_remove_handle(multi, transfer->easy);
    if (transfer->headers) api_->slist_free_all(transfer->headers);
    Result<HttpResponse> answer = answer_of(*transfer);
    transfer->headers = nullptr;
    transfer->response = {};
    transfer->too_long = false;
    transfer->refused.clear();
    transfer->result.reset();
    transfer->reason[0] = 0;
    idle_.push_back(std::move(transfer));
    return answer;
  }

  Result<HttpResponse> answer_of(Transfer& transfer) {
    if (transfer.result == CURLE_OK) return std::move(transfer.response);
    const HttpRequest& request = *transfer.request;
    const std::string what = fmt::format("{} {}", request.method, request.url);
    if (transfer.too_long)
      return OpError{fmt::format("{} answers more than {} bytes", what, request.max_body)};
    if (!transfer.refused.empty()) return settled_error(fmt::format("{} was not sent: {}", what, transfer.refused));
    if (transfer.result == CURLE_OPERATION_TIMEDOUT) {
      return OpError{
          fmt::format("{} gave no answer within {} ms", what, request.timeout_ns / ns_per_ms),
          true};
    }
    // libcurl keeps a line of the head in a buffer of 100 kB, and says the same of its end as of the memory's.
    if (transfer.result == CURLE_OUT_OF_MEMORY)
      return OpError{
          fmt::format("{} failed: a line in the head of the answer does not end, or there is no memory", what), true};
    const std::string reason = transfer.reason[0] != 0 ? transfer.reason
                               : transfer.result       ? api_->easy_strerror(*transfer.result)
                                                       : "the transfer did not end";
    return OpError{fmt::format("{} failed: {}", what, reason), retryable(transfer.result)};
  }

  static bool retryable(const std::optional<CURLcode>& code) {
    return code != CURLE_URL_MALFORMAT && code != CURLE_UNSUPPORTED_PROTOCOL &&
           code != CURLE_PEER_FAILED_VERIFICATION;
  }

  /// What libcurl holds addresses of does not move.
  struct Background {
    int64_t number = 0;
    std::unique_ptr<HttpRequest> request;
    std::unique_ptr<Transfer> transfer;
  };

  std::optional<CurlApi> api_;
  CURLM* multi_ = nullptr;
  CURLM* behind_ = nullptr;  ///< for requests that nobody waits for
  std::vector<Background> background_;
  std::vector<HttpAnswer> failed_;
  std::deque<std::unique_ptr<Transfer>> idle_;
  std::map<std::string, Url> urls_;  ///< read by libcurl as long as a handle was told of them
};

}  // namespace

std::unique_ptr<Http> curl_http() {
  return std::make_unique<CurlHttp>();
}

}  // namespace rollout::effects
