// The compiler from outside: text in, plan out. Pure: files come through the loader, the world through a snapshot.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "compiler/check/check.h"
#include "compiler/plan/planner.h"

namespace rollout {

/// One file with all that it imports, read and checked. Look at `diagnostics` before using `program`.
struct Compilation {
  Compilation() : own(std::make_unique<check::ParsedFiles>()), files(*own) {}
  /// Which outlives it. There may be files of others in it.
  explicit Compilation(check::ParsedFiles& shared) : files(shared) {}

  std::unique_ptr<check::ParsedFiles> own;  ///< null: they are shared
  check::ParsedFiles& files;
  SourceMap& sources = files.sources;
  Diagnostics diagnostics;
  std::unique_ptr<ir::Program> program;
  bool is_read = false;  ///< all of its files are trees: only then are they checked
  std::optional<int64_t> now_wall_ns = {};  ///< by which exceptions from policies end; nothing: none ends
};

/// `path` is relative to the project root; the standard library stands in the binary and never reaches `load`.
/// `when_parsed` is called when all files are trees and nothing is checked yet.
std::unique_ptr<Compilation> compile(const std::string& path, const check::Loader& load,
                                     const std::function<void()>& when_parsed = {});

/// The same into a Compilation that has the texts of `layout` already. After errors in those nothing is read.
void compile(Compilation& compilation, const std::string& path, const check::Loader& load,
             const check::Layout& layout, const std::function<void()>& when_parsed = {});

/// Of all files of the standard library together: another hash is another library.
std::string library_hash();

/// Stores in the plan what can be proven of it, and reports what does not hold. `inputs`: those that were given for it,
/// NAME and TEXT, without which the command that a finding names would show another plan.
void prove_plan(const Compilation& compilation, plan::Plan& plan,
                const std::vector<std::pair<std::string, std::string>>& inputs, Diagnostics& diagnostics);

/// Of all that `check` plans in one file: every rollout in every environment, every test. Ten times the longest plan
/// would still fit.
inline constexpr size_t max_checked_statements = 5'000'000;

/// All that can be found without a live system: the file's rollouts planned with `inputs` (NAME and TEXT; those that
/// the program does not have are left out) and else their examples, its tests read.
/// `migrations`: what stands ready for the databases of a plan; without it nothing is said of their files.
using FindMigrations = std::function<std::vector<plan::ObservedMigrations>(const plan::Plan&)>;
/// `when_done` is called with the name of what was just done: `plan`, `proofs`.
using WhenDone = std::function<void(std::string_view)>;
void check_plans(Compilation& compilation, const std::vector<std::pair<std::string, std::string>>& inputs = {},
                 const FindMigrations& migrations = {}, const WhenDone& when_done = {});

}  // namespace rollout
