#include "runtime/metrics/prometheus_query.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace rollout::metrics {
namespace {

bool is_name(std::string_view text, bool with_colon) {
  const auto allowed = [with_colon](unsigned char c) {
    return isalnum(c) || c == '_' || (with_colon && c == ':');
  };
  return !text.empty() && !isdigit(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(), allowed);
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') out += "\\n";
    else out += c;
  }
  return out + "\"";
}

/// A pattern that matches exactly this text.
std::string literal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (ispunct(static_cast<unsigned char>(c))) out += '\\';
    out += c;
  }
  return out;
}

std::string service_matchers(const plan::Service& service, std::string_view name) {
  std::string out = "service=" + quoted(name);
  if (!service.place.empty()) out += ",place=" + quoted(service.place);
  return out;
}

}  // namespace

std::string_view argument(const plan::Signal& signal, std::string_view name,
                          std::string_view fallback) {
  for (const auto& [key, value] : signal.args) {
    if (key == name) return value.text;
  }
  return fallback;
}

Result<std::string> selector_for(const plan::Service& service, const plan::Signal& signal,
                                 const std::string& metric, const std::string& by, plan::Role role,
                                 const std::optional<Subject>& subject) {
  if (!is_name(metric, true))
    return OpError{fmt::format("`{}` is no name of a Prometheus metric", metric)};
  if (!is_name(by, false)) return OpError{fmt::format("`{}` is no name of a Prometheus label", by)};
  std::string out = metric + "{" + service_matchers(service, argument(signal, "service", service.name));
  if (role != plan::Role::All) out += fmt::format(",{}=\"{}\"", by, plan::role_word(role));
  if (!subject) return out + "}";
  std::string sets;
  for (const std::string& set : subject->sets) sets += "|" + literal(set);
  return out + fmt::format(",{}=~{}}}", set_label_name, quoted(sets));
}

std::string scraped_selector(const plan::Service& service) {
  return fmt::format("up{{{},{}!=\"\"}}", service_matchers(service, service.name), set_label_name);
}

double unit_factor(const plan::Signal& signal) {
  if (signal.unit == eval::Value::Kind::Duration) return double(eval::ns_per_s);
  if (signal.unit == eval::Value::Kind::Percent) return double(eval::percent_all);
  return 1;
}

std::string bucket_name(std::string_view name) {
  return name.ends_with("_bucket") ? std::string(name) : std::string(name) + "_bucket";
}

std::optional<double> bucket_bound(std::string_view le) {
  if (le == "+Inf" || le == "Inf") return INFINITY;
  double bound = 0;
  const auto [end, error] = std::from_chars(le.data(), le.data() + le.size(), bound);
  if (error != std::errc() || end != le.data() + le.size() || !std::isfinite(bound))
    return std::nullopt;
  return bound;
}

}  // namespace rollout::metrics
