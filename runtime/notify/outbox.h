// Outbox: the messages of one live run on their way. It sets requests going and goes on; a message is tried again, with
// growing pauses, until it was taken, was refused, or its attempts are used up. Nothing waits for it, and what cannot
// be sent is an outcome like any other.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/effects/clock.h"
#include "runtime/effects/http.h"
#include "runtime/exec/message.h"
#include "runtime/notify/webhook.h"

namespace rollout::notify {

inline constexpr int64_t first_pause_ns = 1'000'000'000;  ///< between two attempts; doubled each time
inline constexpr int64_t look_ns = 10'000'000;            ///< between two looks at what is under way

/// The channels of a plan as they can be used now; of those that cannot, why not.
std::vector<Result<Webhook>> open_channels(const plan::Plan& plan, const SecretSource& secrets);

class Outbox : public exec::Messenger {
 public:
  Outbox(const plan::Plan& plan, std::string plan_hash, std::string run, std::vector<Result<Webhook>> channels,
         effects::Http& http, const effects::Clock& clock)
      : plan_(plan), plan_hash_(std::move(plan_hash)), run_(std::move(run)), channels_(std::move(channels)),
        http_(http), clock_(clock) {}

  void post(const exec::Message& message) override;
  std::vector<exec::Delivery> collect() override;
  int64_t wake_ns() const override;
  std::vector<exec::Delivery> give_up() override;

 private:
  struct Letter {
    exec::Message message;
    int attempts = 0;
    int64_t next_ns = 0;    ///< of the next attempt
    bool under_way = false;
    std::string trouble;    ///< of the last attempt
  };
  void send(int64_t number, Letter& letter);

  const plan::Plan& plan_;
  std::string plan_hash_, run_;
  std::vector<Result<Webhook>> channels_;
  effects::Http& http_;
  const effects::Clock& clock_;
  std::map<int64_t, Letter> letters_;  ///< by the number of its request
  std::vector<exec::Delivery> ended_;
  int64_t next_number_ = 0;
};

}  // namespace rollout::notify
