#include "runtime/journal/common_events.h"

#include <charconv>

#include "runtime/journal/words.h"

namespace rollout::journal {

namespace {

/// Reads a line from its beginning on; once something else stands there than what was asked for, it stays bad.
class Cursor {
 public:
  explicit Cursor(std::string_view line) : rest_(line) {}
  bool good() const { return good_; }
  bool at_end() const { return good_ && rest_.empty(); }

  bool may_take(std::string_view literal) {
    if (!good_ || !rest_.starts_with(literal)) return false;
    rest_.remove_prefix(literal.size());
    return true;
  }
  void take(std::string_view literal) { good_ = may_take(literal); }

  int64_t number() { return numeral<int64_t>(); }
  double real() { return numeral<double>(); }
  bool flag() {
    if (may_take("true")) return true;
    take("false");
    return false;
  }
  uint32_t index() {
    int64_t raw = number();
    good_ = good_ && raw >= -1 && raw < int64_t(plan::none);
    return raw < 0 ? plan::none : uint32_t(raw);
  }
  /// Behind its first quote, with its last one. Only of plain characters: the others have rules of their own.
  std::string_view text() {
    size_t size = 0;
    while (size < rest_.size() && rest_[size] != '"') {
      char c = rest_[size++];
      good_ = good_ && c >= ' ' && c < 0x7f && c != '\\';
    }
    std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    take("\"");
    return out;
  }
  template <typename Enum, size_t N>
  Enum word_in(const std::array<std::string_view, N>& names) {
    std::string_view raw = text();
    for (size_t i = 0; i < N; ++i)
      if (names[i] == raw) return Enum(i);
    good_ = false;
    return Enum(0);
  }

 private:
  template <typename Number>
  Number numeral() {
    Number value = 0;
    std::string_view digits = rest_.substr(rest_.starts_with('-') ? 1 : 0);
    const bool starts = !digits.empty() && digits[0] >= '0' && digits[0] <= '9';
    const bool padded = digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9';
    auto [end, failed] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    // Where a point stands, JSON wants a digit behind it.
    std::string_view read(rest_.data(), size_t(end - rest_.data()));
    const size_t point = read.find('.');
    const char behind = point == read.npos ? '0' : point + 1 == read.size() ? ' ' : read[point + 1];
    const bool open = behind < '0' || behind > '9';
    good_ = good_ && starts && !padded && !open && failed == std::errc();
    if (good_) rest_.remove_prefix(size_t(end - rest_.data()));
    return value;
  }

  std::string_view rest_;
  bool good_ = true;
};

StepRef read_step(Cursor& in) {
  StepRef ref;
  in.take(",\"step\":");
  ref.step = in.index();
  ref.undo = in.may_take(",\"undo\":true");
  if (in.may_take(",\"scope\":")) ref.scope = in.index();
  return ref;
}

int read_attempt(Cursor& in) {
  in.take(",\"attempt\":");
  return int(in.number());
}

StepStarted read_started(Cursor& in) {
  StepStarted out{read_step(in), read_attempt(in), {}};
  in.take(",\"key\":\"");
  out.key = in.text();
  return out;
}

StepDone read_done(Cursor& in) {
  StepDone out{read_step(in), read_attempt(in), false, {}};
  in.take(",\"adopted\":");
  out.adopted = in.flag();
  in.take(",\"detail\":\"");
  out.detail = in.text();
  return out;
}

std::vector<uint32_t> read_indices(Cursor& in) {
  std::vector<uint32_t> out;
  if (in.may_take("]")) return out;
  do out.push_back(uint32_t(in.number()));
  while (in.may_take(","));
  in.take("]");
  return out;
}

TermReading read_reading(Cursor& in) {
  TermReading out;
  in.take("{\"signal\":");
  out.term.signal = in.index();
  in.take(",\"role\":\"");
  out.term.role = in.word_in<plan::Role>(role_names);
  if (in.may_take(",\"quantile_ppb\":")) out.term.quantile_ppb = in.number();
  in.take(",\"status\":\"");
  out.status = in.word_in<ReadingStatus>(status_names);
  if (in.may_take(",\"detail\":\"")) out.detail = in.text();
  if (in.may_take(",\"total\":")) {
    out.total = in.number();
    in.take(",\"bad\":");
    out.bad = in.number();
  }
  in.take(",\"value\":");
  out.value = in.real();
  in.take("}");
  return out;
}

Sampled read_sampled(Cursor& in) {
  Sampled out;
  out.hold = read_step(in);
  in.take(",\"prime\":");
  out.prime = in.flag();
  in.take(",\"elapsed_ns\":");
  out.elapsed_ns = in.number();
  in.take(",\"gates\":[");
  out.gates = read_indices(in);
  in.take(",\"watches\":[");
  out.watches = read_indices(in);
  in.take(",\"readings\":[");
  if (in.may_take("]")) return out;
  do out.readings.push_back(read_reading(in));
  while (in.good() && in.may_take(","));
  in.take("]");
  return out;
}

}  // namespace

std::optional<Event> decode_common(std::string_view line) {
  static_assert(format_version == 1, "what is read here is what is written");
  Cursor in(line);
  in.take("{\"v\":1,\"event\":\"");
  std::string_view name = in.text();
  Event out;
  in.take(",\"run_ns\":");
  out.run_ns = in.number();
  in.take(",\"wall_ns\":");
  out.wall_ns = in.number();
  if (!in.good()) return std::nullopt;
  if (name == "step_started") out.what = read_started(in);
  else if (name == "step_done") out.what = read_done(in);
  else if (name == "sampled") out.what = read_sampled(in);
  else return std::nullopt;
  in.take("}");
  return in.at_end() ? std::optional<Event>(std::move(out)) : std::nullopt;
}

}  // namespace rollout::journal
