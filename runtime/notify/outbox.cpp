#include "runtime/notify/outbox.h"

#include <algorithm>
#include <utility>

namespace rollout::notify {

std::vector<Result<Webhook>> open_channels(const plan::Plan& plan, const SecretSource& secrets) {
  std::vector<Result<Webhook>> channels;
  for (const plan::Channel& channel : plan.channels) {
    const plan::Target& target = plan.targets.at(channel.target);
    if (target.backend == webhook_name) channels.push_back(Webhook::open(target, secrets));
    else
      channels.push_back(OpError{"target " + target.name + " uses the backend `" + target.backend +
                                 "`, which this rollout cannot send messages by; it knows `webhook`"});
  }
  return channels;
}

void Outbox::post(const exec::Message& message) {
  const Result<Webhook>& channel = channels_.at(message.channel);
  if (!channel) {
    ended_.push_back({message.id, false, 0, channel.error().message});
    return;
  }
  Letter& letter = letters_[next_number_];
  letter.message = message;
  send(next_number_++, letter);
}

void Outbox::send(int64_t number, Letter& letter) {
  ++letter.attempts;
  letter.under_way = true;
  http_.begin(number, channels_.at(letter.message.channel)->request(plan_, plan_hash_, run_, letter.message));
}

std::vector<exec::Delivery> Outbox::collect() {
  for (effects::HttpAnswer& answer : http_.collect()) {
    auto found = letters_.find(answer.number);
    if (found == letters_.end()) continue;
    Letter& letter = found->second;
    letter.under_way = false;
    Status taken = accepted(answer.answer);
    int most = channels_.at(letter.message.channel)->attempts();
    if (taken || !taken.error().retryable || letter.attempts >= most) {
      ended_.push_back(
          {letter.message.id, bool(taken), letter.attempts, taken ? "" : taken.error().message});
      letters_.erase(found);
      continue;
    }
    letter.trouble = taken.error().message;
    letter.next_ns = clock_.monotonic_ns() + (first_pause_ns << (letter.attempts - 1));
  }
  for (auto& [number, letter] : letters_)
    if (!letter.under_way && clock_.monotonic_ns() >= letter.next_ns) send(number, letter);
  return std::exchange(ended_, {});
}

int64_t Outbox::wake_ns() const {
  int64_t wake = INT64_MAX;
  for (const auto& [number, letter] : letters_)
    wake = std::min(wake, letter.under_way ? clock_.monotonic_ns() + look_ns : letter.next_ns);
  return ended_.empty() ? wake : clock_.monotonic_ns();
}

std::vector<exec::Delivery> Outbox::give_up() {
  for (const auto& [number, letter] : letters_) {
    std::string why = letter.trouble.empty() ? "no answer came before the command ended" : letter.trouble;
    ended_.push_back({letter.message.id, false, letter.attempts, std::move(why)});
  }
  letters_.clear();
  return std::exchange(ended_, {});
}

}  // namespace rollout::notify
