#include "runtime/exec/state_text.h"

#include <bit>
#include <cmath>
#include <concepts>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/exec/fold.h"
#include "runtime/exec/samples.h"
#include "runtime/exec/state_parts.h"

namespace rollout::exec {

namespace {

// A number is written five bits at a time, lowest first, each as one character from `0` to `o`: no separators, and most
// numbers of a state are small.
constexpr char first_digit = '0';
constexpr uint64_t digit_bits = 5, goes_on = 1 << digit_bits;

template <typename T>
concept Number = std::integral<T> || std::is_enum_v<T>;
template <typename T>
concept Parted = requires(T& what) { parts(Of<T>{}, what); };

std::string head_line() { return fmt::format("{} {}\n", ROLLOUT_VERSION, state_format); }

/// What JSON gives back as it is, and what a server takes as a text.
bool is_kept(std::string_view text) {
  bool plain = true, empty = false;
  for (char c : text) plain = plain && uint8_t(c) < 0x80, empty = empty || c == 0;
  if (plain || empty) return !empty;
  Result<json::Node> back = json::parse(json::quote(text));
  return back && back->as_string() == text;
}

template <typename Does>
void each_part(const StepState& before, auto& step, Does does) {
  auto was = parts(Of<StepState>{}, before), now = parts(Of<StepState>{}, step);
  [&]<size_t... At>(std::index_sequence<At...>) {
    (does(At, std::get<At>(was), std::get<At>(now)), ...);
  }(std::make_index_sequence<std::tuple_size_v<decltype(now)>>());
}

/// How many of the first steps are not as they were in the beginning, with all between them.
size_t used(const std::vector<StepState>& steps) {
  const StepState untouched;
  size_t count = steps.size();
  while (count > 0 && steps[count - 1] == untouched) --count;
  return count;
}

class Out {
 public:
  template <Number T>
  void write(const T& what) {
    // An index that is none is short as -1.
    if constexpr (std::same_as<T, uint32_t>) number(int32_t(what));
    else number(int64_t(what));
  }
  void write(double what) {
    is_exact = is_exact && std::isfinite(what);
    raw(std::bit_cast<uint64_t>(what));
  }
  void write(const std::string& what) {
    is_exact = is_exact && is_kept(what);
    raw(what.size());
    text += what;
  }
  template <size_t N>
  void write(const std::bitset<N>& what) { raw(what.to_ullong()); }
  /// Sums of logarithms, which begin with that of nothing.
  template <size_t N>
  void write(const std::array<double, N>& what) {
    for (double one : what) raw(std::bit_cast<uint64_t>(one));
  }
  void write(const judge::Evidence& what) { write(what.gathered()); }
  template <typename T>
  void write(const std::optional<T>& what) {
    write(what.has_value());
    if (what) write(*what);
  }
  template <typename T>
  void write(const std::vector<T>& what) {
    raw(what.size());
    for (const T& one : what) write(one);
  }
  /// Which parts have changed from each one to the next, and how: a long run has many that are much alike.
  void write(const std::vector<StepState>& what) {
    const size_t count = used(what);
    const StepState untouched;
    raw(count);
    for (size_t i = 0; i < count; ++i) {
      const StepState& before = i > 0 ? what[i - 1] : untouched;
      uint64_t changed = 0;
      each_part(before, what[i], [&](size_t at, auto& was, auto& now) { changed |= uint64_t(was != now) << at; });
      raw(changed);
      each_part(before, what[i], [&](size_t at, auto& was, auto& now) {
        if ((changed >> at & 1) != 0) change(was, now);
      });
    }
  }
  template <typename Key, typename T>
  void write(const std::map<Key, T>& what) {
    raw(what.size());
    for (const auto& [key, one] : what) write(key), write(one);
  }
  template <Parted T>
  void write(const T& what) {
    std::apply([this](const auto&... part) { (write(part), ...); }, parts(Of<T>{}, what));
  }

  std::string text = head_line();
  bool is_exact = true;

 private:
  template <Number T>
  void change(T was, T now) { number(int64_t(uint64_t(now) - uint64_t(was))); }
  void change(const std::string&, const std::string& now) { write(now); }
  void number(int64_t what) { raw((uint64_t(what) << 1) ^ uint64_t(what >> 63)); }
  void raw(uint64_t what) {
    for (; what >= goes_on; what >>= digit_bits) text += char(first_digit + (goes_on | (what & (goes_on - 1))));
    text += char(first_digit + what);
  }
};

/// Once something cannot be read, nothing is.
class In {
 public:
  In(std::string_view rest, const plan::Plan& plan, const State& state) : rest_(rest), plan_(plan), state_(state) {}
  bool at_end() const { return good_ && rest_.empty(); }

  template <Number T>
  void read(T& what) { what = T(number()); }
  void read(bool& what) { what = number() != 0; }
  void read(double& what) { what = std::bit_cast<double>(raw()); }
  void read(std::string& what) {
    what = rest_.substr(0, size());
    rest_.remove_prefix(what.size());
  }
  template <size_t N>
  void read(std::bitset<N>& what) { what = raw(); }
  template <size_t N>
  void read(std::array<double, N>& what) {
    for (double& one : what) read(one);
  }
  void read(judge::Evidence& what) {
    judge::Evidence::Gathered gathered = what.gathered();
    read(gathered);
    what.go_on_from(gathered);
  }
  /// Which condition has evidence, and for what, follows from the plan.
  void read(std::optional<judge::Evidence>& what) {
    bool is_there = false;
    read(is_there);
    good_ = good_ && is_there == what.has_value();
    if (good_ && is_there) read(*what);
  }
  template <typename T>
  void read(std::optional<T>& what) {
    bool is_there = false;
    read(is_there);
    what.reset();
    if (is_there) read(what.emplace());
  }
  template <typename T>
  void read(std::vector<T>& what) {
    what.resize(size());
    for (T& one : what) read(one);
  }
  void read(std::vector<bool>& what) {
    what.assign(size(), false);
    for (size_t i = 0; i < what.size(); ++i) what[i] = number() != 0;
  }
  void read(std::vector<StepState>& what) {
    const size_t count = size();
    good_ = good_ && count <= what.size();
    const StepState untouched;
    for (size_t i = 0; good_ && i < count; ++i) {
      const uint64_t changed = raw();
      each_part(i > 0 ? what[i - 1] : untouched, what[i], [&](size_t at, auto& was, auto& now) {
        if ((changed >> at & 1) != 0) change(was, now);
        else now = was;
      });
    }
  }
  void read(std::vector<ConditionState>& what) {
    good_ = good_ && size() == what.size();
    for (size_t i = 0; good_ && i < what.size(); ++i) {
      what[i] = fresh_condition(plan_, plan_.conditions[i], state_.captured);
      read(what[i]);
    }
  }
  template <typename Key, typename T>
  void read(std::map<Key, T>& what) {
    what.clear();
    for (size_t count = size(); good_ && count > 0; --count) {
      Key key{};
      read(key);
      read(what[std::move(key)]);
    }
  }
  template <Parted T>
  void read(T& what) {
    std::apply([this](auto&... part) { (read(part), ...); }, parts(Of<T>{}, what));
  }

 private:
  template <Number T>
  void change(const T& was, T& now) { now = T(uint64_t(was) + uint64_t(number())); }
  void change(const std::string&, std::string& now) { read(now); }
  int64_t number() {
    const uint64_t folded = raw();
    return int64_t(folded >> 1) ^ -int64_t(folded & 1);
  }
  /// Of what follows: each of it takes a character at least.
  size_t size() {
    const uint64_t count = raw();
    good_ = good_ && count <= rest_.size();
    return good_ ? size_t(count) : 0;
  }
  uint64_t raw() {
    // Most of them are one digit long.
    if (good_ && !rest_.empty() && uint64_t(uint8_t(rest_.front() - first_digit)) < goes_on) {
      const uint64_t digit = uint64_t(uint8_t(rest_.front() - first_digit));
      rest_.remove_prefix(1);
      return digit;
    }
    return long_raw();
  }
  uint64_t long_raw() {
    uint64_t out = 0;
    for (uint64_t shift = 0; good_; shift += digit_bits) {
      good_ = shift < 64 && !rest_.empty();
      if (!good_) return 0;
      const uint64_t digit = uint64_t(uint8_t(rest_.front() - first_digit));
      rest_.remove_prefix(1);
      out |= (digit & (goes_on - 1)) << shift;
      if (digit < goes_on) return out;
    }
    return 0;
  }

  std::string_view rest_;
  const plan::Plan& plan_;
  const State& state_;  ///< that is being read
  bool good_ = true;
};

bool has_shape_of(const plan::Plan& plan, const State& state) {
  return state.phases.size() == plan.phases.size() && state.watches.size() == plan.watches.size() &&
         state.services.size() == plan.services.size() && state.scopes.size() == plan.scopes.size() &&
         state.locks.size() == plan.locks.size();
}

}  // namespace

std::optional<std::string> encode(const State& state) {
  Out out;
  out.write(state);
  return out.is_exact ? std::optional(std::move(out.text)) : std::nullopt;
}

std::optional<State> decode_state(const plan::Plan& plan, std::string_view text) {
  const std::string head = head_line();
  if (!text.starts_with(head)) return std::nullopt;
  State state = initial_state(plan);
  In in(text.substr(head.size()), plan, state);
  in.read(state);
  if (!in.at_end() || !has_shape_of(plan, state)) return std::nullopt;
  for (uint32_t i = 0; i < state.steps.size(); ++i)
    if (state.steps[i].status != StepStatus::Pending)
      state.frontier.move(i, StepStatus::Pending, state.steps[i].status);
  return state;
}

}  // namespace rollout::exec
