// The file that `--out` names. It is replaced as a whole, so what may stand there is only an earlier one of the same
// kind, or an empty file, which is nobody's loss.
#pragma once

#include <string>
#include <string_view>

#include "runtime/cli/command.h"

namespace rollout::cli {

struct OutKind {
  std::string_view name;       ///< `saved plan`
  std::string_view beginning;  ///< of every file of this kind
  std::string_view example;    ///< a name as it might be: `shop.plan`
  std::string_view otherwise;  ///< how to have the text without a file: `print the plan: --format json`
};

/// Refused where something else would be lost: a source, a link, a device, a folder, somebody's file. `typed` is the
/// value of `--out`.
Status check_free(const Context& context, const std::string& typed, const OutKind& kind);

}  // namespace rollout::cli
