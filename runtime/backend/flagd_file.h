// FlagdFile: one flag of a flag definition file of flagd, as text. For FlagdBackend. Pure.
// Always true: what is changed is the flag's `targeting` and `rolloutGeneration` in its `metadata`; every other byte of
// the file stays as it was. A file, or a flag, that is not understood is refused and never written.
#pragma once

#include <cstdint>
#include <string>

#include "compiler/base/result.h"

namespace rollout::backend {

/// How a flag is named in the file.
struct FlagdNames {
  std::string path;  ///< of the file, for messages
  std::string key;
  std::string on, off;  ///< variants
};

class FlagdFile {
 public:
  /// Errors say what about the file or the flag is to be changed.
  static Result<FlagdFile> read(std::string text, FlagdNames names);

  /// The share of the users who get the variant `on`.
  int64_t share_ppb() const { return share_ppb_; }
  /// Of the run that changed it last; 0: no run has.
  int64_t generation() const { return generation_; }

  /// The file with another share.
  std::string with(int64_t share_ppb, int64_t generation) const;

 private:
  /// Bytes [begin, end) of the text.
  struct Range {
    size_t begin = 0, end = 0;
  };
  Status read_flag(Range flag);
  Status read_share();
  Status read_fractional(Range fractional);
  OpError refuse(const std::string& why) const;

  std::string text_;
  FlagdNames names_;
  Range flag_, targeting_, metadata_, generation_at_;  ///< empty: not there
  std::string bucket_by_;  ///< what a user is told apart by, as written; empty: flagd's own way
  std::string default_variant_;
  int64_t share_ppb_ = 0;
  int64_t generation_ = 0;
};

}  // namespace rollout::backend
