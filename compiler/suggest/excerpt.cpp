#include "compiler/suggest/excerpt.h"

#include <algorithm>

#include "compiler/suggest/words.h"

namespace rollout::suggest {

namespace {

using ast::DeclKind;

/// What holds for every rollout, or may be added to any.
bool is_always(DeclKind kind) {
  return kind == DeclKind::Error || kind == DeclKind::Import || kind == DeclKind::Policy || kind == DeclKind::Team ||
         kind == DeclKind::Environment || kind == DeclKind::Renamed || kind == DeclKind::Gate;
}

}  // namespace

Outline::Outline(const Compilation& compilation) {
  const auto& decls = compilation.program->modules.back()->file->decls;
  parts_.reserve(decls.size());
  for (const ast::Decl* decl : decls) {
    source_ = decl->span.source;
    parts_.push_back({decl->span.begin, decl->span.end, std::string(decl->name.text), is_always(decl->kind)});
  }
  for (uint32_t i = 0; i < parts_.size(); ++i) named_[parts_[i].name].push_back(i);
  for (uint32_t i = 0; i < parts_.size(); ++i) {
    DeclKind kind = decls[i]->kind;
    if (kind != DeclKind::Test && kind != DeclKind::Promotion) continue;
    for_each_word(compilation.sources.text(decls[i]->span), [&](std::string_view word) {
      auto known = named_.find(word);
      if (known == named_.end() || word == parts_[i].name) return;
      std::vector<uint32_t>& all = followers_[known->first];
      if (all.empty() || all.back() != i) all.push_back(i);
    });
  }
}

std::vector<uint32_t> Outline::needed_by(std::string_view text, std::string_view rollout) const {
  std::vector<bool> kept(parts_.size(), false);
  std::vector<uint32_t> needed;
  auto keep = [&](uint32_t part) {
    if (kept[part]) return;
    kept[part] = true;
    needed.push_back(part);
  };
  auto keep_followers = [&](std::string_view name) {
    if (auto found = followers_.find(name); found != followers_.end())
      for (uint32_t part : found->second) keep(part);
  };
  for (uint32_t i = 0; i < parts_.size(); ++i)
    if (parts_[i].always) keep(i);
  if (auto found = named_.find(rollout); found != named_.end())
    for (uint32_t part : found->second) keep(part);
  keep_followers(rollout);
  for (size_t i = 0, with_tests = needed.size(); i < with_tests; ++i)
    if (!parts_[needed[i]].always) keep_followers(parts_[needed[i]].name);
  for (size_t i = 0; i < needed.size(); ++i) {
    const Part& part = parts_[needed[i]];
    for_each_word(text.substr(part.begin, part.end - part.begin), [&](std::string_view word) {
      if (auto found = named_.find(word); found != named_.end())
        for (uint32_t named : found->second) keep(named);
    });
  }
  std::sort(needed.begin(), needed.end());
  return needed;
}

std::optional<Excerpt> Outline::of(std::string_view text, std::string_view rollout) const {
  std::vector<uint32_t> needed = needed_by(text, rollout);
  if (needed.size() == parts_.size()) return std::nullopt;
  Excerpt excerpt{std::string(text)};
  for (uint32_t i = 0, next = 0; i < parts_.size(); ++i) {
    if (next < needed.size() && needed[next] == i) {
      ++next;
      continue;
    }
    for (uint32_t at = parts_[i].begin; at < parts_[i].end; ++at)
      if (char& c = excerpt.text[at]; c != '\n') c = ' ', ++excerpt.blank;
  }
  return excerpt;
}

bool Outline::is_within(std::string_view rollout, Span edited) const {
  auto found = named_.find(rollout);
  if (found == named_.end() || edited.source != source_) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](uint32_t part) {
    return edited.begin > parts_[part].begin && edited.end <= parts_[part].end;
  });
}

void Outline::grow(uint32_t at, int64_t bytes) {
  for (Part& part : parts_) {
    if (part.begin > at) part.begin = uint32_t(part.begin + bytes);
    if (part.end > at) part.end = uint32_t(part.end + bytes);
  }
}

}  // namespace rollout::suggest
