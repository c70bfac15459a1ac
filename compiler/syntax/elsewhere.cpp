#include "compiler/syntax/elsewhere.h"

#include <algorithm>
#include <initializer_list>

namespace rollout::syntax {

namespace {

struct Row {
  std::initializer_list<std::string_view> words;
  std::string_view advice;
};
const Row rows[] = {
    {{"wait", "sleep", "soak", "bake", "delay", "pause"}, "`hold 5m` waits, and lets gates judge meanwhile"},
    {{"setWeight", "set_weight", "weight", "traffic"}, "`checkout.shift(5%)` gives the canary a share of the traffic"},
    {{"update", "upgrade", "rollout", "release"}, "`checkout.deploy(image)` starts a version beside the one that runs"},
    {{"undo", "revert"}, "a way back is made for each step; `on failure rollback` says how far it goes"},
    {{"onFailure", "on_failure", "try", "catch"}, "`on failure rollback { … }` says what a failure takes back"},
    {{"canary", "step", "steps", "task", "job"},
     "a part of a release is a phase: `phase few { checkout.shift(5%)  hold 5m }`"},
    {{"while", "loop", "repeat", "range"}, "the one loop is over a list: `for share in [5%, 50%] { … }`"},
    {{"interval", "period", "frequency", "every"}, "how often a gate looks is said by `sample every 15s`"},
    {{"assert", "success", "successCondition", "threshold", "thresholdRange", "metric", "condition"},
     "what must hold is said by `require s.canary.error_rate < 1%`"},
    {{"fail", "failure", "failureCondition", "abort"},
     "what speaks against a version is said by `reject when s.canary.error_rate > 1%`"},
    {{"resource", "app", "application", "deployment", "workload"},
     "what is released is declared by `service shop { … }`"},
    {{"variable", "var", "vars", "param", "parameter", "parameters", "params", "arg", "args", "inputs"},
     "what is given on the command line is an `input image: Image`"},
    {{"provider", "cluster", "backend"}, "a system is declared by `target hosts: local { … }`"},
    {{"pipeline", "workflow", "strategy", "apiVersion", "kind", "spec", "metadata"},
     "a release is a `rollout release { … }`; `rollout init` writes a project to begin with"},
    {{"env", "getenv", "getEnv"}, "what the environment gives is an `input`, or a secret: `secret(\"TOKEN\")`"},
};

}  // namespace

std::string_view said_elsewhere(std::string_view word) {
  for (const Row& row : rows)
    if (std::find(row.words.begin(), row.words.end(), word) != row.words.end()) return row.advice;
  return {};
}

}  // namespace rollout::syntax
