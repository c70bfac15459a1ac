// Private to compiler/syntax: tokens → syntax tree by recursive descent, one function a rule of RolloutParser.g4, which
// is the definition; tests/syntax compares the two. Only texts without a mistake come through: at the first token that
// does not fit, the reader stops without a word, and the generated parser says what is wrong.
#pragma once

#include <llvm/ADT/SmallVector.h>

#include "compiler/base/diagnostics.h"
#include "compiler/syntax/ast.h"
#include "compiler/syntax/cursor.h"

namespace rollout::syntax {

class Reader : private Cursor {
 public:
  /// Marks the tokens as well, where `marks` is given.
  Reader(const Tokens& tokens, ast::File& file, Diagnostics& diagnostics, TokenMarks* marks)
      : Cursor(tokens, marks), file_(file), diagnostics_(diagnostics) {}

  /// Fills the file. False where the text does not fit the grammar, or where has_said_why().
  bool read_file();
  /// What the grammar does not say has been reported.
  bool has_said_why() const { return said_why_; }

 private:
  // read_decl.cpp
  const ast::Decl* read_decl();
  const ast::Decl* read_import();
  ast::Name read_library_path();
  const ast::Decl* read_input();
  const ast::Decl* read_let();
  const ast::Decl* read_record();
  const ast::Decl* read_target(bool metrics);
  const ast::Places* read_places();
  const ast::Decl* read_team();
  const ast::Decl* read_service();
  const ast::Decl* read_subject(ast::SubjectWord subject);
  ast::CompatibleItem read_compatible();  // read_compatible.cpp
  ast::Name read_bound();
  const ast::Decl* read_strategy();
  const ast::Decl* read_rollout();
  ast::List<ast::Setting> read_config();
  ast::Setting read_setting();
  enum class Names : uint8_t { Values, Labels };  ///< whether something reads what has the name
  ast::Field read_field(Names names);
  void refuse_word(const ast::Name& name);
  ast::Name read_deprecated(bool given = false);
  ast::List<ast::Field> read_parameters(Names names);
  std::string_view doc_above(size_t first) const;
  // read_value.cpp: enums, functions, observed values, lists, maps, match
  const ast::Observation* read_observation();
  const ast::Decl* read_enum();
  const ast::Decl* read_calendar();
  const ast::Expr* read_except(size_t first, const ast::Expr* calendar);
  const ast::Decl* read_func();
  const ast::Expr* read_list();
  const ast::Expr* read_match();
  // read_library.cpp: what the standard library declares
  const ast::Decl* read_capability();
  ast::SubjectWord read_subject_word();
  ast::ObserveItem read_observe();
  ast::ActionItem read_action();
  ast::Effect read_effect();
  const ast::Decl* read_backend();
  ast::ActionLimits read_limits(llvm::ArrayRef<ast::Field> config);
  ast::List<ast::IdentityPart> read_identity();
  // read_organisation.cpp, read_policy.cpp: environments, promotions, policies
  const ast::Decl* read_environment();
  const ast::Decl* read_promotion();
  const ast::Decl* read_policy();
  ast::List<ast::PolicyItem> read_policy_items();
  ast::PolicyItem read_policy_item();
  void read_policy_every(ast::PolicyItem& item);
  void read_policy_require(ast::PolicyItem& item);
  bool is_policy_mark() const;
  ast::ExceptionClause read_exception_clause();
  ast::Question read_question();  // read_question.cpp
  ast::ApproveClause read_approve_clause();
  const ast::Statement* read_checkpoint();  // read_control.cpp
  const ast::Statement* read_budget();
  const ast::Statement* read_lock();
  const ast::Statement* read_newer(size_t first, const ast::Name& word);
  const ast::Decl* read_lock_decl();
  const ast::Decl* read_renamed();
  // read_gate.cpp, read_test.cpp
  const ast::Decl* read_gate();
  ast::ConditionClause read_condition();
  ast::ResponseClause read_response();
  const ast::Decl* read_test();
  ast::TestItem read_test_item();
  void read_given(ast::TestItem& item);
  void read_start(ast::TestItem& item);
  void read_noise(ast::TestItem& item);
  void read_lock_held(ast::TestItem& item);
  void read_answer(ast::TestItem& item);
  // read_statement.cpp
  const ast::Block* read_block();
  const ast::Statement* read_statement();
  const ast::Statement* read_call_statement();
  const ast::Statement* read_phase();
  const ast::Statement* read_hold();
  const ast::Statement* read_for();
  void read_for_clause(ast::ForStatement& loop);
  const ast::Statement* read_parallel();
  const ast::Statement* read_if();
  const ast::Statement* read_local_let();
  const ast::Statement* read_during();
  const ast::Statement* read_rollback();
  const ast::Statement* read_watch(size_t first);  // read_watch.cpp
  const ast::Statement* read_approve();
  const ast::Statement* read_on();
  const ast::Statement* read_on_failure(size_t first, const ast::Name& word);
  void read_order(ast::ForStatement& loop, size_t first);
  void given_twice(size_t first);
  /// Behind the word of a clause: whether it stands there for the first time.
  void stands_once(bool given) { if (given && !failed_) given_twice(at_ - 1); }
  const ast::Statement* read_commit();
  const ast::Statement* read_notify();
  const ast::Statement* read_preflight();
  const ast::Statement* read_hook();  // read_hook.cpp
  // read_expr.cpp
  const ast::Expr* read_expr(int least_power = 0);
  const ast::Expr* read_operand();
  const ast::Expr* read_postfix();
  const ast::Expr* read_primary();
  const ast::Expr* read_string();
  const ast::Expr* read_text(const Token& token);
  /// `may_end`: with the place, as a flag does and a call does not.
  const ast::Expr* read_callee(bool may_end = false);
  ast::List<ast::Argument> read_arguments();
  const ast::Type* read_type();
  const ast::Expr* limit_height(const ast::Expr* expr, int height);
  ast::List<ast::Name> read_names(TokenType separator);
  ast::List<ast::Name> read_words();

  ast::Expr node(ast::ExprKind kind, Span span) { return {kind, span, file_.expr_count++}; }
  template <typename T>
  const T* make(T node) { return new (file_.arena.Allocate<T>()) T(node); }
  template <typename T>
  ast::List<T> keep(const llvm::SmallVectorImpl<T>& items) { return llvm::makeArrayRef(items).copy(file_.arena); }

  ast::File& file_;
  Diagnostics& diagnostics_;
  int height_ = 0;   ///< of the expression read last
  int nesting_ = 0;  ///< of types
  bool said_why_ = false;
  llvm::SmallVector<TokenType, 2> refused_;  ///< words that were declared as names of values, which was reported
};

}  // namespace rollout::syntax
