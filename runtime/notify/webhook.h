// webhook: a message as one HTTP POST of JSON, as docs/schemas/message.json has it. What is sent and which answers
// count; Outbox says when. Pure but for the secret, which is read when the channel is opened.
#pragma once

#include <string>
#include <string_view>

#include "compiler/base/result.h"
#include "compiler/plan/plan.h"
#include "runtime/effects/http.h"
#include "runtime/exec/message.h"
#include "runtime/notify/secret.h"

namespace rollout::notify {

inline constexpr std::string_view webhook_name = "webhook";
inline constexpr size_t max_answer_bytes = 64 * 1024;
inline constexpr size_t max_text_bytes = 16 * 1024;  ///< of one message; the rest is left out, and it says so

class Webhook {
 public:
  /// Refuses a URL without TLS, but for this machine itself; the error says what to mend.
  static Result<Webhook> open(const plan::Target& target, const SecretSource& secrets);

  effects::HttpRequest request(const plan::Plan& plan, std::string_view plan_hash, std::string_view run,
                               const exec::Message& message) const;
  int attempts() const { return attempts_; }

 private:
  std::string url_, token_;  ///< an empty token is not sent
  int64_t timeout_ns_ = 0;
  int attempts_ = 1;
};

/// What an answer comes to. An error is retryable where another attempt may succeed.
Status accepted(const Result<effects::HttpResponse>& answer);

}  // namespace rollout::notify
