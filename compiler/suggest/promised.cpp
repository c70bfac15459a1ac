#include "compiler/suggest/promised.h"

#include <map>
#include <vector>

#include "compiler/suggest/words.h"

namespace rollout::suggest {

namespace {

using ast::Block;
using ast::DeclKind;
using ast::Statement;
using ast::StatementKind;

bool is_value(DeclKind kind) { return kind == DeclKind::Let || kind == DeclKind::Input; }

class Promises {
 public:
  explicit Promises(const SourceMap& sources) : sources_(sources) {}

  void decl(const ast::Decl* decl) {
    if (decl->kind == DeclKind::Rollout) return block(static_cast<const ast::RolloutDecl*>(decl)->body);
    if (decl->kind == DeclKind::Strategy) return block(static_cast<const ast::StrategyDecl*>(decl)->body);
    if (is_value(decl->kind)) values_[decl->name.text].push_back(decl->span);
    else if (decl->kind != DeclKind::Import) words_of(decl->span);
  }
  /// Values are made of values.
  std::set<std::string_view> all() {
    for (size_t i = 0; i < open_.size(); ++i)
      if (auto found = values_.find(open_[i]); found != values_.end())
        for (Span span : found->second) words_of(span);
    return std::move(words_);
  }

 private:
  void words_of(Span span) {
    for_each_word(sources_.text(span), [&](std::string_view word) {
      if (words_.insert(word).second) open_.push_back(word);
    });
  }
  void block(const Block* block) {
    for (const Statement* one : block->statements) statement(one);
  }
  void statement(const Statement* of) {
    if (of->kind == StatementKind::Budget || of->kind == StatementKind::Watch || of->kind == StatementKind::Preflight)
      words_of(of->span);
    if (of->kind == StatementKind::Hold)
      for (const ast::Expr* judge : static_cast<const ast::HoldStatement*>(of)->judges) words_of(judge->span);
    if (of->kind == StatementKind::Phase) block(static_cast<const ast::PhaseStatement*>(of)->body);
    if (of->kind == StatementKind::For) block(static_cast<const ast::ForStatement*>(of)->body);
    if (of->kind == StatementKind::Parallel) block(static_cast<const ast::ParallelStatement*>(of)->body);
    if (of->kind == StatementKind::Lock) block(static_cast<const ast::LockStatement*>(of)->body);
    if (of->kind == StatementKind::Hook) block(static_cast<const ast::HookStatement*>(of)->body);
    if (of->kind != StatementKind::If) return;
    const auto* branch = static_cast<const ast::IfStatement*>(of);
    block(branch->then_block);
    if (branch->else_block != nullptr) block(branch->else_block);
  }

  const SourceMap& sources_;
  std::set<std::string_view> words_;
  std::vector<std::string_view> open_;
  std::map<std::string_view, std::vector<Span>> values_;
};

}  // namespace

std::set<std::string_view> promised_words(const ir::Program& program, const SourceMap& sources) {
  Promises promises(sources);
  for (const auto& module : program.modules)
    if (!module->library && module->file)
      for (const ast::Decl* decl : module->file->decls) promises.decl(decl);
  return promises.all();
}

}  // namespace rollout::suggest
