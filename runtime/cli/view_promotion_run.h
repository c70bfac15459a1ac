// A promotion that is carried out, for people and programs: a line for each thing that happens while it is driven, and
// one picture of where it stands in all of its environments.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "runtime/cli/command.h"
#include "runtime/exec/promotion.h"

namespace rollout::cli {

class PromotionView : public exec::PromotionListener {
 public:
  PromotionView(const Context& context, std::string name) : context_(context), name_(std::move(name)) {}

  void on_event(const journal::PromotionEvent& event, const exec::PromotionState& state) override;
  void on_wait(const exec::PromotionState& state, const std::string& why, int64_t until_wall_ns) override;
  void on_trouble(const std::string& text) override;

 private:
  void print(std::string_view line) const;

  const Context& context_;
  std::string name_;
  std::string last_trouble_;
};

struct PromotionPicture {
  std::string name;             ///< `p3`; empty in a simulation
  const exec::PromotionState& state;
  std::string driver;           ///< who drives it; empty: nobody
  int64_t now_wall_ns = 0;
  std::string underway = {};    ///< what the run of the environment that it stands in does; may be empty
};
std::string promotion_picture(const PromotionPicture& picture, const Style& style);

/// The object `promotion_result` of docs/schemas/promotion_run.json.
std::string promotion_result_json(std::string_view name, const exec::PromotionState& state, int exit_code);
/// One event as one object of docs/schemas/promotion_run.json.
std::string promotion_event_json(std::string_view name, const journal::PromotionEvent& event);

/// `in staging`, `succeeded`: where it stands, in a word or two.
std::string promotion_word(const exec::PromotionState& state);

}  // namespace rollout::cli
