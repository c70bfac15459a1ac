#include <fmt/format.h>

#include "runtime/cli/outline.h"

namespace rollout::cli {

std::vector<Warning> warnings_of(const plan::Plan& plan, const Outline& outline) {
  std::vector<Warning> all;
  if (plan.offline) all.push_back({"offline:", "nothing that runs was looked at; `apply` refuses this plan"});
  for (const Change& change : outline.changes) {
    bool service = change.subject == plan::Subject::Service;
    if (!service || !change.known || !change.from.empty() || change.to.empty()) continue;
    all.push_back({"first version:",
                   fmt::format("nothing of {} runs yet: its way back is to remove it again", change.service)});
  }
  for (const plan::Observed& observed : plan.observed) {
    if (!observed.what.starts_with("digest(") || !observed.value.is(eval::Value::Kind::None)) continue;
    std::string image = observed.what.substr(7, observed.what.size() - 8);
    if (observed.source.starts_with("target "))
      all.push_back({"unresolved:", fmt::format("the digest of {} is not known: {}; a plan made without --offline has "
                                                "it", image, observed.source)});
    else
      all.push_back({"unpinned:", fmt::format("{} is named by its tag alone, which can be moved; name its digest with "
                                              "`@sha256:…`, or bind the service to its registry", image)});
  }
  for (const Change& change : outline.changes)
    if (!change.unreached.empty())
      all.push_back({"not reached:", fmt::format("{}: {}; it counts as failed, and nothing is changed there",
                                                 change.service, change.unreached)});
  for (const Change& change : outline.changes) {
    if (change.trouble.empty()) continue;
    std::string_view cure = change.from != change.to ? ""
                            : outline.has_changes    ? "; this plan mends it"
                                                     : "; a rollout that installs this version again mends it";
    all.push_back({"in trouble:", fmt::format("{}: {}{}", change.service, change.trouble, cure)});
  }
  return all;
}

}  // namespace rollout::cli
