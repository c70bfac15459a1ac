#include "runtime/cli/view_beside.h"

#include <fmt/format.h>

#include "compiler/base/diagnostics.h"
#include "compiler/eval/image.h"

namespace rollout::cli {

namespace {

std::string_view version_of(std::string_view image) {
  return eval::image_problem(image) ? image : eval::image_parts(image).tag;
}

}  // namespace

std::vector<std::string> beside_texts(const plan::Plan& plan) {
  std::vector<std::string> texts;
  if (!plan.facts) return texts;
  for (const plan::BesideFacts& fact : plan.facts->beside) {
    const plan::Beside& one = plan.beside.at(fact.beside);
    const plan::Service& with = plan.services.at(one.with);
    bool database = with.subject == plan::Subject::Database;
    std::vector<std::string_view> meets;
    for (const std::string& other : fact.meets) meets.push_back(database ? std::string_view(other) : version_of(other));
    std::string of = one.with == one.service ? "" : " of " + plan::service_text(with);
    std::string_view kind = database ? "schema" : "version";
    std::string declares = one.range ? fmt::format(", declares {} ({})", plan::range_text(*one.range), one.source) : "";
    texts.push_back(fmt::format("{} {} meets {}{} {}{}{}", plan::service_text(plan.services.at(one.service)),
                                version_of(one.image), kind, meets.size() == 1 ? "" : "s", fmt::join(meets, ", "), of,
                                declares));
  }
  return texts;
}

std::vector<std::string> peak_texts(const plan::Plan& plan) {
  std::vector<std::string> texts;
  if (!plan.facts) return texts;
  for (const plan::PeakFacts& one : plan.facts->peaks) {
    const plan::Target& target = plan.targets.at(one.target);
    texts.push_back(fmt::format("{} holds at most {} instances at once, its quota is {}", target.name, one.instances,
                                target.quota));
  }
  return texts;
}

}  // namespace rollout::cli
