// ParsedFiles: the files that a command has read, each once, with their trees. Several programs may share them: what
// one of them has read the next one finds. Always true: only what could be read is kept, so a failure is tried again.
#pragma once

#include <memory>
#include <string>

#include <llvm/ADT/StringMap.h>

#include "compiler/base/source.h"
#include "compiler/check/layout.h"
#include "compiler/syntax/ast.h"

namespace rollout::check {

struct ParsedFile {
  SourceId source = SourceId::None;
  Status as_locked;                              ///< why it is not the file that was locked
  std::unique_ptr<const ast::File> tree = {};    ///< null: nobody has asked for it yet
  Diagnostics mistakes = {};                     ///< of its syntax: every program that it is part of says them
};

class ParsedFiles {
 public:
  SourceMap sources;

  /// The file with its text; it stays where it is.
  Result<ParsedFile*> read(const std::string& path, const Loader& load,
                           const std::function<Status(const std::string&, const std::string&)>& verify);
  /// Its tree, with the mistakes in it.
  void parse(ParsedFile& file) const;
  /// As Layout::real_path, which is asked once for a path.
  Result<std::string> real_path(const std::string& path, const Loader& look);

 private:
  llvm::StringMap<ParsedFile> files_;
  llvm::StringMap<std::string> real_paths_;
};

}  // namespace rollout::check
