// The view of a run while it runs: a line for each event as it happens, and on a terminal a last line that is
// redrawn. JSON prints one object a line instead. The same events make both.
#pragma once

#include <string>

#include "runtime/cli/command.h"
#include "runtime/cli/log_file.h"
#include "runtime/cli/run_log.h"
#include "runtime/cli/screen.h"
#include "runtime/exec/drive.h"

namespace rollout::cli {

/// How often samples are shown where the last line cannot be redrawn.
inline constexpr int64_t sample_line_ns = 5'000'000'000;

class RunView : public exec::Listener {
 public:
  /// `redraws`: on a terminal the last line may be; otherwise every line stays.
  RunView(const Context& context, const plan::Plan& plan, std::string run, bool redraws = true)
      : context_(context), log_(plan), run_(std::move(run)), redraws_(redraws) {}

  /// An event of an earlier process: known, but not shown again.
  void add_past(const journal::Event& event) { log_.add(event); }
  void on_event(const journal::Event& event, const exec::State& state) override;
  void on_progress(journal::StepRef step, const std::string& text) override;
  void on_trouble(const std::string& text) override;
  void on_waiting(const std::string& lock, const std::string& holder) override;
  void on_tended(const std::string& text) override;
  /// Removes the redrawn line.
  void finish();

  const RunLog& log() const { return log_; }

 private:
  bool live() const { return redraws_ && can_redraw(context_.env) && !context_.quiet; }
  void print(std::string_view line);
  void redraw(std::string_view line);
  void note(Level level, std::string_view kind, std::string_view text);
  void on_sample(const journal::Event& event, const journal::Sampled& sample);

  const Context& context_;
  RunLog log_;
  std::string run_;
  bool redraws_;
  bool drawn_ = false;              ///< the last line on the screen is ours to redraw
  int64_t last_sample_line_ns_ = 0;
  std::string last_trouble_;  ///< or what is waited for: said once
};

/// What an event says, without its time; empty for events that are not worth a line.
std::string event_text(const plan::Plan& plan, const journal::Event& event, const RunLog& log, const Style& style);
/// The same without colours, and never empty: for what is kept, as an audit and a log are.
std::string record_text(const plan::Plan& plan, const journal::Event& event, const RunLog& log);
/// One event as one line of text; empty for events that are not worth one.
std::string event_line(const plan::Plan& plan, const journal::Event& event, const RunLog& log,
                       const Style& style);
/// One event as one object of docs/schemas/run.json.
std::string event_json(const std::string& run, const journal::Event& event);

}  // namespace rollout::cli
