// What the words of other tools are here: for whoever knows Argo Rollouts, Terraform, Kubernetes or a shell.
#pragma once

#include <string_view>

namespace rollout::syntax {

/// `setWeight`: "`checkout.shift(5%)` gives a share of the traffic"; empty: it is no such word.
std::string_view said_elsewhere(std::string_view word);

}  // namespace rollout::syntax
