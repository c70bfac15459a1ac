// Exit codes: the same for every command, documented in docs/cli.md; other programs rely on them.
#pragma once

namespace rollout::cli {

enum ExitCode : int {
  Ok = 0,           ///< done, nothing wrong
  FileErrors = 1,   ///< the user's files, or the tests in them, have errors
  Usage = 2,        ///< the command line was not understood
  HasChanges = 3,   ///< `plan --detailed-exitcode`: there are changes
  RolledBack = 4,   ///< the rollout was rolled back, completely
  NeedsHand = 5,    ///< stopped half-way: somebody has to look
  Environment = 6,  ///< the environment failed before anything was changed
  Refused = 7,      ///< stale, tampered, used, locked by another run, foreign or newer
};

}  // namespace rollout::cli
