#include "compiler/plan/promoted.h"

#include <algorithm>

#include "compiler/eval/image.h"

namespace rollout::plan {

Brought brought_by(const Plan& plan) {
  Brought brought;
  for (const Step& step : plan.steps) {
    if (step.kind != StepKind::Act) continue;
    for (const Setting& setting : step.action.sets)
      if (setting.variable == Variable::Version && setting.role != Role::Control &&
          setting.value.is(eval::Value::Kind::Image))
        brought[service_text(plan.services[step.action.service])].insert(setting.value.text);
  }
  return brought;
}

bool is_same_build(std::string_view a, std::string_view b) {
  if (a == b) return true;
  if (eval::image_problem(a) || eval::image_problem(b)) return false;
  eval::ImageParts one = eval::image_parts(a), other = eval::image_parts(b);
  if (!one.digest.empty() && !other.digest.empty()) return one.digest == other.digest;
  auto name = [](std::string_view text) { return text.substr(text.rfind('/') + 1); };
  return name(one.name) == name(other.name) && one.tag == other.tag;
}

std::optional<Untried> first_untried(const Brought& earlier, const Brought& later) {
  for (const auto& [service, images] : later) {
    auto tried = earlier.find(service);
    if (tried == earlier.end()) continue;
    for (const std::string& image : images) {
      bool known = std::any_of(tried->second.begin(), tried->second.end(),
                               [&](const std::string& other) { return is_same_build(image, other); });
      if (!known) return Untried{service, image, *tried->second.begin()};
    }
  }
  return std::nullopt;
}

}  // namespace rollout::plan
