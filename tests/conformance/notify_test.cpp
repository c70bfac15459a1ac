// The webhook and its outbox, against a real receiver that takes, refuses, delays, or is not there.
#include <catch2/catch.hpp>

#include "compiler/base/json.h"
#include "compiler/plan/plan_json.h"
#include "runtime/journal/event_json.h"
#include "runtime/notify/outbox.h"
#include "tests/conformance/receiver.h"
#include "tests/conformance/rig.h"

namespace rollout::test {

namespace {

using exec::Delivery;
using exec::Message;
using exec::Transition;

constexpr const char* token = "s3cret-token";

/// One team, reached by a webhook at `url`.
struct Mail {
  explicit Mail(const std::string& url, int attempts = 3, int64_t timeout_ns = second_ns)
      : real(nullptr), effects(real.all()) {
    using eval::Value;
    plan.rollout = "release";
    plan.services = {{"checkout", "", {}, 0, 2}};
    plan.targets = {{"oncall",
                     "webhook",
                     {{"url", Value::of(Value::Kind::Url, url)},
                      {"token", Value::of(Value::Kind::Secret, std::string("env:ONCALL_TOKEN"))},
                      {"timeout", Value::of(Value::Kind::Duration, timeout_ns)},
                      {"most_attempts", Value::of(Value::Kind::Int, int64_t(attempts))}}}};
    plan.channels = {{"sre", 0}};
  }
  notify::SecretSource secrets() {
    return {[](const char*) { return std::optional<std::string>(token); }, effects.files, "."};
  }
  notify::Outbox outbox() {
    return {plan, std::string(64, 'a'), "r7", notify::open_channels(plan, secrets()), *real.http, *real.clock};
  }
  /// Until all that was posted has come to its end.
  std::vector<Delivery> wait(notify::Outbox& box, size_t count, int64_t within_ns = 20 * second_ns) {
    std::vector<Delivery> all;
    CHECK(eventually(effects, within_ns, [&] {
      for (Delivery& one : box.collect()) all.push_back(std::move(one));
      return all.size() >= count;
    }));
    return all;
  }

  effects::RealEffects real;
  effects::Effects effects;
  plan::Plan plan;
};

Message message(const std::string& id, const std::string& text) {
  return {id, 0, Transition::RollingBack, text, false, 1'767'571'200'000'000'000};
}

}  // namespace

TEST_CASE("a message is one POST with its id, its token and the documented body", "[notify]") {
  Receiver receiver;
  Mail mail(receiver.url());
  notify::Outbox box = mail.outbox();
  box.post(message("12/sre", "is rolling back: \"errors\" > 1%"));
  std::vector<Delivery> ended = mail.wait(box, 1);
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].delivered);
  CHECK(ended[0].attempts == 1);
  CHECK(box.wake_ns() == INT64_MAX);
  std::vector<Received> received = receiver.received();
  REQUIRE(received.size() == 1);
  CHECK(received[0].head.starts_with("POST /hook HTTP/1.1\r\n"));
  CHECK(received[0].header("Content-Type") == "application/json");
  CHECK(received[0].header("Idempotency-Key") == "aaaaaaaaaaaaaaaa/12/sre");
  CHECK(received[0].header("Authorization") == std::string("Bearer ") + token);
  Result<json::Node> body = json::parse(received[0].body);
  REQUIRE(body);
  CHECK((*body)["id"].as_string() == "aaaaaaaaaaaaaaaa/12/sre");
  CHECK((*body)["team"].as_string() == "sre");
  CHECK((*body)["transition"].as_string() == "rolling_back");
  CHECK((*body)["text"].as_string() == "release r7 is rolling back: \"errors\" > 1%");
  CHECK((*body)["at"].as_string() == "2026-01-05T00:00:00Z");
  CHECK(received[0].body.find(token) == std::string::npos);
}

TEST_CASE("a receiver that is overloaded is asked again, with the same id", "[notify]") {
  Receiver receiver({503, 429, 200});
  Mail mail(receiver.url());
  notify::Outbox box = mail.outbox();
  int64_t begin = mail.effects.clock.monotonic_ns();
  box.post(message("3/sre", "begins"));
  std::vector<Delivery> ended = mail.wait(box, 1);
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].delivered);
  CHECK(ended[0].attempts == 3);
  CHECK(mail.effects.clock.monotonic_ns() - begin >= 3 * second_ns);  // pauses of 1s and 2s
  for (const Received& one : receiver.received()) CHECK(one.header("Idempotency-Key") == "aaaaaaaaaaaaaaaa/3/sre");
}

TEST_CASE("a receiver that refuses is not asked again", "[notify]") {
  Receiver receiver({403});
  Mail mail(receiver.url());
  notify::Outbox box = mail.outbox();
  box.post(message("3/sre", "begins"));
  std::vector<Delivery> ended = mail.wait(box, 1);
  REQUIRE(ended.size() == 1);
  CHECK_FALSE(ended[0].delivered);
  CHECK(ended[0].attempts == 1);
  CHECK(ended[0].detail == "it answered HTTP 403");
}

TEST_CASE("what a receiver answers brings no secret into the journal, nor into what reports are made of", "[notify]") {
  // The worst of them: it says the token back, wherever an answer has room for it, whether it refuses or fails.
  for (int status : {200, 301, 403, 500}) {
    Receiver receiver([&](const Received& request) {
      std::string said = request.header("Authorization");
      return Answer{status, "you said " + said, "X-Said: " + said + "\r\nLocation: /" + token + "\r\n"};
    });
    Mail mail(receiver.url(), 1);
    notify::Outbox box = mail.outbox();
    box.post(message("3/sre", "begins"));
    std::vector<Delivery> ended = mail.wait(box, 1);
    REQUIRE(ended.size() == 1);
    REQUIRE_FALSE(receiver.received().empty());
    CHECK(receiver.received()[0].header("Authorization") == std::string("Bearer ") + token);
    journal::Event event;
    event.what = journal::Notified{ended[0].id, ended[0].delivered, ended[0].attempts, ended[0].detail};
    INFO(status << ": " << ended[0].detail);
    CHECK(journal::encode(event).find(token) == std::string::npos);
    CHECK(ended[0].delivered == (status == 200));
    CHECK(plan::to_json(mail.plan).find(token) == std::string::npos);
    CHECK(plan::to_json(mail.plan).find("env:ONCALL_TOKEN") != std::string::npos);
  }
}

TEST_CASE("a receiver that is down costs attempts, and nobody's time", "[notify]") {
  std::string url;
  { url = Receiver().url(); }
  Mail mail(url, 2);
  notify::Outbox box = mail.outbox();
  int64_t begin = mail.effects.clock.monotonic_ns();
  box.post(message("3/sre", "begins"));
  (void)box.collect();
  CHECK(mail.effects.clock.monotonic_ns() - begin < second_ns / 2);
  std::vector<Delivery> ended = mail.wait(box, 1);
  REQUIRE(ended.size() == 1);
  CHECK_FALSE(ended[0].delivered);
  CHECK(ended[0].attempts == 2);
  CHECK(ended[0].detail.find("POST " + url + " failed") != std::string::npos);
}

TEST_CASE("a receiver that says nothing is waited for no longer than its time, and given up at once", "[notify]") {
  Receiver receiver(std::vector<int>{0});
  Mail mail(receiver.url(), 1, second_ns / 2);
  notify::Outbox box = mail.outbox();
  box.post(message("3/sre", "begins"));
  std::vector<Delivery> ended = mail.wait(box, 1, 3 * second_ns);
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].detail.find("gave no answer within 500 ms") != std::string::npos);
  box.post(message("4/sre", "succeeded"));
  ended = box.give_up();
  REQUIRE(ended.size() == 1);
  CHECK_FALSE(ended[0].delivered);
  CHECK(ended[0].detail == "no answer came before the command ended");
  CHECK(box.wake_ns() == INT64_MAX);
}

TEST_CASE("messages are not sent in the clear, nor without their token", "[notify]") {
  Mail clear("http://oncall.example/hook");
  std::vector<Result<notify::Webhook>> channels = notify::open_channels(clear.plan, clear.secrets());
  REQUIRE_FALSE(channels[0]);
  CHECK(channels[0].error().message.find("in the clear to oncall.example") != std::string::npos);
  for (const char* there : {"https://oncall.example/hook", "http://127.0.0.1:9/hook", "http://[::1]:9/hook"})
    CHECK(notify::open_channels(Mail(there).plan, clear.secrets())[0]);
  for (const char* disguised : {"http://127.0.0.1@evil.example/", "http://127.0.0.1.evil.example/"})
    CHECK_FALSE(notify::open_channels(Mail(disguised).plan, clear.secrets())[0]);
  Mail mail("https://oncall.example/hook");
  for (std::optional<std::string> value : {std::optional<std::string>(), std::optional<std::string>(""),
                                           std::optional<std::string>("two\r\nX-Other: lines")}) {
    notify::SecretSource none{[&](const char*) { return value; }, mail.effects.files, "."};
    std::vector<Result<notify::Webhook>> closed = notify::open_channels(mail.plan, none);
    REQUIRE_FALSE(closed[0]);
    CHECK(closed[0].error().message.find("ONCALL_TOKEN") != std::string::npos);
    CHECK(closed[0].error().message.find("X-Other") == std::string::npos);
  }
}

TEST_CASE("an endpoint that asks for no token gets none", "[notify]") {
  Receiver receiver;
  Mail mail(receiver.url());
  mail.plan.targets[0].config.emplace_back("open", eval::Value::boolean(true));
  notify::Outbox box = mail.outbox();
  box.post(message("3/sre", "begins"));
  std::vector<Delivery> ended = mail.wait(box, 1);
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].delivered);
  REQUIRE(receiver.received().size() == 1);
  CHECK(receiver.received()[0].header("Authorization").empty());
  // One that says that it asks for a token is not sent messages without.
  mail.plan.targets[0].config.back().second = eval::Value::boolean(false);
  notify::SecretSource none{[](const char*) { return std::optional<std::string>(); }, mail.effects.files, "."};
  const Result<notify::Webhook> closed = notify::open_channels(mail.plan, none)[0];
  REQUIRE_FALSE(closed);
  CHECK(closed.error().message.find("write `open = true`") != std::string::npos);
  // Without a token, too, a message is not for everybody on the way.
  Mail clear("http://oncall.example/hook");
  clear.plan.targets[0].config.emplace_back("open", eval::Value::boolean(true));
  CHECK_FALSE(notify::open_channels(clear.plan, clear.secrets())[0]);
}

TEST_CASE("a message is not sent on to another place, nor to where a cloud keeps its credentials", "[notify]") {
  Receiver other;
  Receiver receiver({307}, "", "Location: " + other.url() + "\r\n");
  Mail mail(receiver.url());
  notify::Outbox box = mail.outbox();
  box.post(message("3/sre", "begins"));
  std::vector<Delivery> ended = mail.wait(box, 1);
  REQUIRE(ended.size() == 1);
  CHECK_FALSE(ended[0].delivered);
  CHECK(ended[0].attempts == 1);
  CHECK(ended[0].detail ==
        "it answered HTTP 307 and sent us on, which is not followed; write the URL that it leads to");
  CHECK(other.received().empty());
  Mail cloud("https://169.254.169.254/latest");
  notify::Outbox lost = cloud.outbox();
  lost.post(message("3/sre", "begins"));
  ended = cloud.wait(lost, 1);
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].attempts == 1);
  CHECK(ended[0].detail.find("was not sent: it leads to 169.254.169.254") != std::string::npos);
}

TEST_CASE("a secret is read from a file below the project", "[notify]") {
  TempDir directory;
  directory.write("token", std::string(token) + "\n");
  effects::RealEffects real(nullptr);
  effects::Effects effects = real.all();
  notify::SecretSource from{[](const char*) { return std::optional<std::string>(); }, effects.files, directory.path};
  Result<std::string> read = notify::read_secret("file:token", from);
  REQUIRE(read);
  CHECK(*read == token);
  CHECK_FALSE(notify::read_secret("file:other", from));
}

}  // namespace rollout::test
