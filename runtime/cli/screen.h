// Screen: one picture on a terminal, drawn anew over the one before. For `status --watch`. Always true: a picture is no
// higher than the window, so that none of it scrolls away, and what stood on the terminal before stays there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/cli/command.h"

namespace rollout::cli {

/// Whether the output is a terminal whose cursor can be moved.
bool can_redraw(const Env& env);

/// The lines of a text, each of at most `columns`: a longer one is broken between words, and goes on further in.
std::vector<std::string> folded(std::string_view text, size_t columns);

/// The lines of `picture` that a window has room for: its head, and how many more there are.
std::vector<std::string> fitted(std::string_view picture, effects::ScreenSize window, const Style& style);

class Screen {
 public:
  explicit Screen(const Context& context) : context_(context) {}
  /// Writes nothing where the same stands there already.
  void draw(std::string_view picture);
  /// The picture goes; what is said next stands in its place.
  void clear();

 private:
  std::string to_top() const;

  const Context& context_;
  effects::ScreenSize window_;       ///< of the last drawing
  std::vector<std::string> drawn_;
};

}  // namespace rollout::cli
