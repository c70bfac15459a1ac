#include "tests/tidy/tree.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

namespace fs = std::filesystem;

namespace rollout::tidy {

namespace {

constexpr std::string_view generated[] = {"build", "state", "run", "node_modules", ".git", ".cache"};

bool is_generated(const fs::path& path) {
  return std::find(std::begin(generated), std::end(generated), path.filename().string()) != std::end(generated);
}

bool is_word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

/// Blanks comments and the insides of literals, so that rules about code see code only.
class Blanker {
 public:
  std::string operator()(std::string_view line) {
    std::string out(line);
    for (size_t i = 0; i < line.size(); ++i) step(line, i, out);
    if (state_ != State::Block && state_ != State::Raw) state_ = State::Code;
    return out;
  }

 private:
  enum class State { Code, Text, Char, Block, Raw };

  void step(std::string_view line, size_t& i, std::string& out) {
    std::string_view rest = line.substr(i);
    switch (state_) {
      case State::Code: return open(line, rest, i, out);
      case State::Block: return close(rest, "*/", i, out);
      case State::Raw: return close(rest, raw_end_, i, out);
      case State::Text:
      case State::Char: {
        char quote = state_ == State::Text ? '"' : '\'';
        if (rest[0] == quote) state_ = State::Code;
        else out[i] = ' ';
        if (rest[0] == '\\' && rest.size() > 1) out[++i] = ' ';
        return;
      }
    }
  }

  void open(std::string_view line, std::string_view rest, size_t& i, std::string& out) {
    bool after_word = i > 0 && is_word_char(line[i - 1]);
    if (rest.starts_with("//")) {
      std::fill(out.begin() + long(i), out.end(), ' ');
      i = line.size();
    } else if (rest.starts_with("/*")) {
      state_ = State::Block;
      out[i] = ' ';
    } else if (rest.starts_with("R\"") && rest.find('(') != std::string_view::npos) {
      raw_end_ = fmt::format("){}\"", rest.substr(2, rest.find('(') - 2));
      state_ = State::Raw;
    } else if (rest[0] == '"') {
      state_ = State::Text;
    } else if (rest[0] == '\'' && !after_word) {  // not the separator in 1'000
      state_ = State::Char;
    }
  }

  void close(std::string_view rest, std::string_view end, size_t& i, std::string& out) {
    if (rest.starts_with(end)) {
      std::fill_n(out.begin() + long(i), end.size(), ' ');
      i += end.size() - 1;
      state_ = State::Code;
    } else {
      out[i] = ' ';
    }
  }

  State state_ = State::Code;
  std::string raw_end_;
};

File read(const fs::path& path, const fs::path& root) {
  File file{fs::relative(path, root).generic_string(), {}, {}};
  std::ifstream stream(path, std::ios::binary);
  for (std::string line; std::getline(stream, line);) file.lines.push_back(std::move(line));
  if (!file.is_cpp()) return file;
  Blanker blank;
  for (const std::string& line : file.lines) file.code.push_back(blank(line));
  return file;
}

bool is_text(const fs::path& path) {
  static const std::vector<std::string> binary{".png", ".gif", ".jpg", ".ico", ".zip", ".gz", ".wasm", ".vsix"};
  return std::find(binary.begin(), binary.end(), path.extension().string()) == binary.end();
}

void walk(const fs::path& folder, const fs::path& root, std::vector<File>& files) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (is_generated(entry.path()) || entry.is_symlink()) continue;
    if (entry.is_directory()) walk(entry.path(), root, files);
    else if (entry.is_regular_file() && is_text(entry.path())) files.push_back(read(entry.path(), root));
  }
}

}  // namespace

const std::vector<File>& tree() {
  static const std::vector<File> files = [] {
    std::vector<File> all;
    walk(ROLLOUT_SOURCE_DIR, ROLLOUT_SOURCE_DIR, all);
    std::sort(all.begin(), all.end(), [](const File& a, const File& b) { return a.path < b.path; });
    return all;
  }();
  return files;
}

bool exists(std::string_view path) { return fs::exists(fs::path(ROLLOUT_SOURCE_DIR) / path); }

void Complaints::add(const File& file, size_t line, std::string_view what) {
  all_ += line ? fmt::format("{}:{}: {}\n", file.path, line, what) : fmt::format("{}: {}\n", file.path, what);
}

bool has_word(std::string_view text, std::string_view word) {
  for (size_t at = 0; (at = text.find(word, at)) != std::string_view::npos; ++at) {
    bool before = at > 0 && is_word_char(text[at - 1]) && is_word_char(word.front());
    size_t end = at + word.size();
    bool behind = end < text.size() && is_word_char(text[end]) && is_word_char(word.back());
    if (!before && !behind) return true;
  }
  return false;
}

}  // namespace rollout::tidy
