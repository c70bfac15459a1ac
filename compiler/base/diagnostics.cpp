#include "compiler/base/diagnostics.h"

#include <algorithm>

#include <llvm/ADT/StringRef.h>

namespace rollout {

Diagnostic& Diagnostics::add(Diagnostic diagnostic) {
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
  std::stable_sort(order.begin(), order.end(), [](const Diagnostic* a, const Diagnostic* b) {
    return std::pair(a->span.source, a->span.begin) < std::pair(b->span.source, b->span.begin);
  });
  auto same_place = [](const Diagnostic* a, const Diagnostic* b) {
    return a->span.valid() && a->span.source == b->span.source && a->span.begin == b->span.begin &&
           a->severity == b->severity && (a->span.end == b->span.end || a->name == b->name);
  };
  order.erase(std::unique(order.begin(), order.end(), same_place), order.end());
  return order;
}

namespace {

/// Letters in another order: one slip of the fingers, though two edits.
bool is_anagram(std::string_view a, std::string_view b) {
  return a != b && a.size() == b.size() && std::is_permutation(a.begin(), a.end(), b.begin());
}

}  // namespace

std::string_view nearest(std::string_view wrong, const std::vector<std::string_view>& candidates) {
  // Two slips in a short word is already another word.
  unsigned limit = unsigned(std::max<size_t>(1, wrong.size() / 3));
  std::string_view best;
  for (std::string_view candidate : candidates) {
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
    text += fmt::format("`{}`", names[i]);
  }
  return text;
}

}  // namespace rollout
