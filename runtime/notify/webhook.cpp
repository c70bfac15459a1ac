#include "runtime/notify/webhook.h"

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/effects/clock.h"
#include "runtime/effects/loopback.h"

namespace rollout::notify {

namespace {

const eval::Value* setting(const plan::Target& target, std::string_view name) {
  for (const auto& [key, value] : target.config)
    if (key == name) return &value;
  return nullptr;
}

std::string bounded(std::string text) {
  if (text.size() <= max_text_bytes) return text;
  size_t end = max_text_bytes;
  while (end > 0 && (uint8_t(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + " … (the rest is left out)";
}

}  // namespace

Result<Webhook> Webhook::open(const plan::Target& target, const SecretSource& secrets) {
  Webhook hook;
  const eval::Value *url = setting(target, "url"), *token = setting(target, "token");
  const eval::Value *timeout = setting(target, "timeout"), *attempts = setting(target, "most_attempts");
  const eval::Value* open = setting(target, "open");
  const bool asks = !open || !open->number;
  if (!url || !timeout || !attempts || (asks && !token))
    return OpError{fmt::format("the plan says too little of the target {}; make a new one", target.name), false, true};
  hook.url_ = url->text;
  if (!effects::is_private(hook.url_))
    return OpError{fmt::format("target {} would send messages in the clear to {}; write `https://…`", target.name,
                               effects::host_of(hook.url_))};
  if (asks) {
    Result<std::string> secret = read_secret(token->text, secrets);
    if (!secret)
      return OpError{fmt::format("target {} has no token: {}; where the endpoint asks for none, write `open = true`",
                                 target.name, secret.error().message)};
    hook.token_ = std::move(*secret);
  }
  hook.timeout_ns_ = timeout->number;
  hook.attempts_ = int(attempts->number);
  return hook;
}

effects::HttpRequest Webhook::request(const plan::Plan& plan, std::string_view plan_hash, std::string_view run,
                                      const exec::Message& message) const {
  constexpr size_t hash_digits = 16;  // a plan is run once: enough to tell runs of all projects apart
  std::string id = fmt::format("{}/{}", plan_hash.substr(0, hash_digits), message.id);
  json::Writer json;
  json.begin_object().field("version", 1).field("id", id).field("run", run).field("rollout", plan.rollout);
  json.field("team", plan.channels[message.channel].team).field("transition", exec::name_of(message.transition));
  json.field("text", bounded(exec::message_text(plan, message, run)));
  json.field("at", effects::utc_text(message.wall_ns)).key("services").begin_array();
  for (const plan::Service& service : plan.services) json.value(plan::service_text(service));
  json.end_array().end_object();
  effects::HttpRequest request;
  request.method = "POST";
  request.url = url_;
  request.body = json.take();
  request.content_type = "application/json";
  request.headers = {{"Idempotency-Key", id}};
  if (!token_.empty()) request.headers.emplace_back("Authorization", "Bearer " + token_);
  request.timeout_ns = timeout_ns_;
  request.max_body = max_answer_bytes;
  return request;
}

Status accepted(const Result<effects::HttpResponse>& answer) {
  if (!answer) return OpError{answer.error().message, answer.error().retryable};
  if (answer->status >= 200 && answer->status < 300) return Done{};
  // Another place may be anybody's: what is sent on is not followed.
  if (answer->status >= 300 && answer->status < 400)
    return OpError{fmt::format("it answered HTTP {} and sent us on, which is not followed; write the URL that it "
                               "leads to",
                               answer->status)};
  bool later = answer->status == 408 || answer->status == 425 || answer->status == 429 || answer->status >= 500;
  return OpError{fmt::format("it answered HTTP {}", answer->status), later};
}

}  // namespace rollout::notify
