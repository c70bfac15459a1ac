#include "compiler/suggest/moves.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace rollout::suggest {

namespace {

using ast::Block;
using ast::Statement;
using ast::StatementKind;

/// What is done, or holds what is done.
const Block* body_of(const Statement* of) {
  if (of->kind == StatementKind::Phase) return static_cast<const ast::PhaseStatement*>(of)->body;
  if (of->kind == StatementKind::For) return static_cast<const ast::ForStatement*>(of)->body;
  if (of->kind == StatementKind::Parallel) return static_cast<const ast::ParallelStatement*>(of)->body;
  if (of->kind == StatementKind::Lock) return static_cast<const ast::LockStatement*>(of)->body;
  return nullptr;
}
bool is_step(const Statement* of) { return of->kind == StatementKind::Call || body_of(of) != nullptr; }

class Moves {
 public:
  explicit Moves(const SourceMap& sources) : sources_(sources) {}

  void block(const Block* of, const Statement* parallel) {
    const auto& all = of->statements;
    for (size_t i = 0; i < all.size(); ++i) {
      if (const Block* body = body_of(all[i]))
        block(body, all[i]->kind == StatementKind::Parallel ? all[i] : nullptr);
      if (!is_step(all[i])) continue;
      if (parallel) {
        add(all[i], parallel->span, true, 1);
        add(all[i], parallel->span, false, 1);
        continue;  // among each other they have no order
      }
      for (size_t k = i; k-- > 0 && i - k <= max_passed;) add(all[i], all[k]->span, true, double(i - k));
      for (size_t k = i + 2; k < all.size() && k - i <= max_passed; ++k)
        add(all[i], all[k]->span, false, double(k - i));
    }
  }

  std::vector<Move> out;

 private:
  /// In front of what stands there, or behind it, in a line of its own.
  void add(const Statement* moved, Span to, bool before, double passes) {
    std::string_view line = sources_.line_at(to.source, to.begin);
    std::string indent(line.substr(0, std::min(line.find_first_not_of(" \t"), line.size())));
    std::string text(sources_.text(moved->span));
    uint32_t at = before ? to.begin : to.end;
    std::string put = before ? fmt::format("{}\n{}", text, indent) : fmt::format("\n{}{}", indent, text);
    out.push_back({{{{to.source, at, at}, std::move(put)}, {whole(moved->span), ""}}, passes});
  }
  /// With its line, where it stands alone, or with the blanks in front of it.
  Span whole(Span of) const {
    std::string_view text = sources_.text(of.source);
    uint32_t begin = of.begin, end = of.end;
    while (begin > 0 && (text[begin - 1] == ' ' || text[begin - 1] == '\t')) --begin;
    bool first = begin > 0 && text[begin - 1] == '\n', last = end >= text.size() || text[end] == '\n';
    if (first && last) return {of.source, begin - 1, end};
    return first ? of : Span{of.source, begin, end};
  }

  const SourceMap& sources_;
};

}  // namespace

std::vector<Move> moves_of(const SourceMap& sources, const ast::RolloutDecl& rollout) {
  Moves moves(sources);
  moves.block(rollout.body, nullptr);
  auto nearer = [](const Move& a, const Move& b) { return a.passes < b.passes; };
  std::stable_sort(moves.out.begin(), moves.out.end(), nearer);
  return std::move(moves.out);
}

}  // namespace rollout::suggest
