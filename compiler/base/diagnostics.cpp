#include "compiler/base/diagnostics.h"

#include <algorithm>
#include <bit>
#include <tuple>

#include <llvm/ADT/StringRef.h>

#include "compiler/base/masked.h"
#include "compiler/base/visible.h"

namespace rollout {

namespace {

constexpr size_t max_message_bytes = 2000;
constexpr size_t max_compared_bytes = 100;  ///< of a word whose nearest is looked for; nobody mistypes longer ones
/// Pairs of letters that are compared for one word: thousands of long names may all be like it.
constexpr size_t max_compared_pairs = 1'000'000;

/// A message quotes what the file says, which may be one word of many megabytes: of such words the beginning is shown.
std::string bounded(std::string message) {
  if (message.size() <= max_quoted_bytes) return message;
  std::string text;
  for (size_t begin = 0; begin < message.size() && text.size() <= max_message_bytes;) {
    size_t end = std::min(message.find(' ', begin), message.size());
    std::string_view word = std::string_view(message).substr(begin, end - begin);
    size_t behind = word.size() - std::min(word.find_last_not_of("`\",:;)") + 1, word.size());
    text += shortened(word.substr(0, word.size() - behind));
    text += word.substr(word.size() - std::min(behind, max_quoted_bytes));
    if (end < message.size()) text += ' ';
    begin = end + 1;
  }
  if (text.size() <= max_message_bytes) return text;
  size_t end = max_message_bytes;
  while ((uint8_t(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

}  // namespace

Diagnostic& Diagnostic::at(Span where, std::string_view text) {
  labels.push_back({where, masked(text)});
  return *this;
}

Diagnostic& Diagnostic::caret(std::string_view text) {
  label = masked(text);
  return *this;
}

Diagnostic& Diagnostic::note(std::string_view text) {
  notes.push_back(masked(text));
  return *this;
}

Diagnostic& Diagnostic::advise(std::string_view text) {
  help = masked(text);
  return *this;
}

Diagnostic& Diagnostics::add(Diagnostic diagnostic) {
  diagnostic.message = masked(bounded(std::move(diagnostic.message)));
  errors_ += diagnostic.severity == Severity::Error;
  all_.push_back(std::move(diagnostic));
  return all_.back();
}

void Diagnostics::note_since(size_t count, const std::string& text) {
  for (size_t i = count; i < all_.size(); ++i) all_[i].note(text);
}

std::vector<const Diagnostic*> Diagnostics::sorted() const {
  std::vector<const Diagnostic*> order;
  for (const Diagnostic& diagnostic : all_) order.push_back(&diagnostic);
  // What was proven of a place and can be run is no consequence of something else that was.
  auto proven = [](const Diagnostic* one) { return one->witness ? one->name : std::string_view(); };
  std::stable_sort(order.begin(), order.end(), [&](const Diagnostic* a, const Diagnostic* b) {
    return std::tuple(a->span.source, a->span.begin, proven(a)) < std::tuple(b->span.source, b->span.begin, proven(b));
  });
  auto same_place = [&](const Diagnostic* a, const Diagnostic* b) {
    return a->span.valid() && a->span.source == b->span.source && a->span.begin == b->span.begin &&
           a->severity == b->severity && (a->span.end == b->span.end || a->name == b->name) &&
           (proven(a) == proven(b) || !a->witness || !b->witness);
  };
  order.erase(std::unique(order.begin(), order.end(), same_place), order.end());
  return order;
}

namespace {

/// Letters in another order: one slip of the fingers, though two edits.
bool is_anagram(std::string_view a, std::string_view b) {
  return a != b && a.size() == b.size() && std::is_permutation(a.begin(), a.end(), b.begin());
}

/// A bit for each character that occurs; some share one.
uint64_t letters_of(std::string_view word) {
  uint64_t letters = 0;
  for (char c : word) letters |= uint64_t{1} << (uint8_t(c) % 64);
  return letters;
}

}  // namespace

std::string_view nearest(std::string_view wrong, const std::vector<std::string_view>& candidates) {
  // One letter is like every other one, and two slips in a short word are already another word.
  if (wrong.size() < 2 || wrong.size() > max_compared_bytes) return {};
  unsigned limit = unsigned(std::max<size_t>(1, wrong.size() / 3));
  // A letter that only one of the two has is an edit: most candidates need no closer look.
  uint64_t letters = letters_of(wrong);
  std::string_view best;
  size_t pairs = 0;
  for (std::string_view candidate : candidates) {
    if (candidate.size() > wrong.size() + limit || wrong.size() > candidate.size() + limit) continue;
    uint64_t others = letters_of(candidate);
    if (unsigned(std::max(std::popcount(letters & ~others), std::popcount(others & ~letters))) > limit) continue;
    pairs += wrong.size() * candidate.size();
    if (pairs > max_compared_pairs) break;
    unsigned distance = is_anagram(wrong, candidate) ? 1 : llvm::StringRef(wrong).edit_distance(candidate, true, limit);
    if (distance <= limit && (best.empty() || distance < limit)) {
      best = candidate;
      limit = distance;
    }
  }
  return best;
}

std::string list_of(const std::vector<std::string_view>& names) {
  constexpr size_t shown = 8;
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i == shown && names.size() > shown + 1) return text + fmt::format(" and {} more", names.size() - shown);
    if (i) text += i + 1 == names.size() ? " and " : ", ";
    text += fmt::format("`{}`", shortened(names[i]));
  }
  return text;
}

}  // namespace rollout
