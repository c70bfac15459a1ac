// Planner: a checked program and what was observed of the world, to a Plan. Strategies are unfolded, gates bound,
// rollbacks derived. Mistakes that only show with concrete values are diagnostics; then there is no plan.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/base/diagnostics.h"
#include "compiler/base/source.h"
#include "compiler/ir/program.h"
#include "compiler/plan/plan.h"

namespace rollout::plan {

/// A gate that samples more often than this only loads its source.
inline constexpr int64_t least_sample_ns = 100 * eval::ns_per_ms;
/// Of a plan whose text is long: one for each so many bytes. A short text with loops in loops has max_steps_of_little.
inline constexpr size_t max_steps = 300'000, bytes_a_step = 16, max_steps_of_little = 50'000;
/// A rollout is finite, but loops in loops could keep the planner busy for years.
inline constexpr size_t max_statements = 2'000'000;

/// What a service runs of which nobody has said it.
inline constexpr std::string_view earlier_version = "(the earlier version)";

/// What the world shows of one service, flag or database when the plan is made.
struct ObservedService {
  std::string service;            ///< plan::service_text of it
  eval::Value stable;             ///< of a service: Image, or None when nothing runs
  int64_t generation = 0;         ///< of the last run on it
  std::string source;             ///< `target hosts`
  std::string trouble;            ///< what is not as declared: `2 of 4 instances are ready`; empty: nothing
  eval::Value state;              ///< of a flag its share, of a database its schema or None
  std::optional<int64_t> instances = {};  ///< of the stable version, where `scale` has set them
  std::optional<int64_t> share_ppb = {};  ///< of what is not stable, as `router` shows it; nothing: it cannot say
  std::string router = {};        ///< `target edge`
  std::string unreached = {};     ///< why it could not be reached; nothing else is known then; empty: it was
};

/// A file of a migration, and of what takes it back. Hashes are SHA-256; empty: there is no such file.
struct ObservedMigration {
  std::string name;  ///< `V13__add_currency`
  std::string sha256;
  std::string undo_sha256;
};

/// The migrations that stand ready for one database.
struct ObservedMigrations {
  std::string database;  ///< plan::service_text of it
  std::string source;    ///< `target db`
  std::vector<ObservedMigration> list;
};

/// A service bound to a target that has it is asked for the digests of its images.
inline constexpr std::string_view registry_capability = "ArtifactRegistry";

/// What a registry says of an image that names only a tag.
struct ObservedDigest {
  std::string image;   ///< as written: `ghcr.io/acme/shop:1.4`
  std::string digest;  ///< `sha256:…`
  std::string source;  ///< `target images`
};

/// What the label of an image says of what it lives beside; empty: it has no such label.
struct ObservedLabel {
  std::string image;   ///< as the plan, or what runs, names it
  std::string text;    ///< `schema 12..13 of orders, >= 1.8`
  std::string source;  ///< `target images`
};

/// `offline`: nothing was looked at; each service is taken to run some stable version.
struct Snapshot {
  bool offline = true;
  std::vector<ObservedService> services;
  std::vector<ObservedDigest> digests;
  std::vector<ObservedLabel> labels;
  std::vector<ObservedMigrations> migrations;  ///< also where nothing was looked at: they are files
  int64_t runs = 0;  ///< of this rollout, on record
};

/// What is the same in all plans of one program, for whoever makes many of them.
struct Shared {
  size_t effort = 0;            ///< of all plans so far, in statements
  std::vector<Source> sources;  ///< empty before the first plan
};

struct Request {
  std::string rollout;            ///< empty: the only rollout of the file, or the one called `release`
  std::string environment;        ///< by its name in the file; empty: none
  std::vector<std::pair<std::string, std::string>> inputs;  ///< `--set name=text`
  std::vector<std::pair<std::string, eval::Value>> values;  ///< inputs given by a test; they win
  bool examples = true;           ///< inputs that are not given take their `example`
  Snapshot snapshot;
  Shared* shared = nullptr;       ///< null: this plan stands alone
  std::optional<int64_t> now_wall_ns = {};  ///< decides which exceptions from policies have ended; nothing: none has
  bool keep_breaches = false;     ///< what policies refuse is left in the plan for the proofs to report
};

/// Plans the rollouts declared in the last module of `program` (the file that was asked for).
std::optional<Plan> make_plan(const ir::Program& program, const Request& request, const SourceMap& sources,
                              Diagnostics& diagnostics);

/// One environment of a promotion, and how long it is left alone before the next is entered.
struct Stage {
  std::string rollout, environment;
  int64_t soak_ns = 0;
};
std::vector<Stage> stages_of(const ir::Program& program, const ir::Promotion& promotion, Diagnostics& diagnostics);
/// A promotion of the file that was asked for; null: it has none of that name.
const ir::Promotion* find_promotion(const ir::Program& program, std::string_view name);

/// What can be said of the policies of a checked program without any plan: rules that ask nothing, rules that nothing
/// decides yet, policies that hold for no rollout.
void check_policies(const ir::Program& program, Diagnostics& diagnostics);

}  // namespace rollout::plan
