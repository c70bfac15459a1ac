#include "compiler/check/parsed_files.h"

#include "compiler/syntax/parse.h"

namespace rollout::check {

Result<ParsedFile*> ParsedFiles::read(const std::string& path, const Loader& load,
                                      const std::function<Status(const std::string&, const std::string&)>& verify) {
  if (auto known = files_.find(path); known != files_.end()) return &known->second;
  Result<std::string> text = load(path);
  if (!text) return text.error();
  Status as_locked = verify ? verify(path, *text) : Status(Done{});
  SourceId source = sources.add(path, std::move(*text));
  return &files_.try_emplace(path, ParsedFile{source, std::move(as_locked)}).first->second;
}

void ParsedFiles::parse(ParsedFile& file) const {
  if (!file.tree) file.tree = syntax::parse(sources, file.source, file.mistakes);
}

Result<std::string> ParsedFiles::real_path(const std::string& path, const Loader& look) {
  if (!look) return path;
  if (auto known = real_paths_.find(path); known != real_paths_.end()) return known->second;
  Result<std::string> real = look(path);
  if (real) real_paths_.try_emplace(path, *real);
  return real;
}

}  // namespace rollout::check
