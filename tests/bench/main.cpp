// rollout_bench: our front end beside its peers', each pair in one alternating run. tests/bench/README.md says
// what the figures mean. Exit code 0: all limits kept; 1: one is not; 2: a program is missing or fails.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "tests/bench/engine.h"
#include "tests/bench/generate.h"
#include "tests/bench/measure.h"

namespace fs = std::filesystem;

namespace rollout::bench {

namespace {

struct Options {
  fs::path rollout;
  fs::path pkl;
  fs::path jsonnet = "jsonnet";
  fs::path starlark;  ///< perf/starrun, built
  fs::path scratch;  ///< for generated inputs
  bool json = false;
  std::string only;  ///< run only cases whose name holds this, or the benchmark of the engine that has this name
  bool quick = false;  ///< of those of the engine
};

struct Case {
  std::string name;
  std::string peer;
  Command ours;
  Command theirs;
  double limit = 0;  ///< greatest allowed ratio of wall time
  int rounds = 0;
  double memory_limit = 0;  ///< greatest allowed ratio of peak memory; 0: any
};

/// One line of the report.
struct Line {
  std::string name, peer;
  Comparison figures;
  double limit = 0, memory_limit = 0;
  bool is_kept() const {
    bool memory = memory_limit == 0 || figures.ours.peak_mib <= memory_limit * figures.peer.peak_mib;
    return figures.ratio <= limit && memory;
  }
};

/// How CPU time grows with size: t ~ n^exponent.
struct Growth {
  std::string name;
  double ours = 0;
  std::optional<double> peer;
  double limit = 0;
  bool is_kept() const { return ours <= limit; }
};

/// A file that must pass; nobody to compare with.
struct Shape {
  std::string name;
  Sample figures;
  double limit_ms = 0;  ///< greatest allowed wall time; 0: any
  bool is_kept() const { return limit_ms == 0 || figures.wall_ms <= limit_ms; }
};

struct Report {
  std::vector<Line> lines;
  std::vector<Shape> shapes;
  std::vector<Growth> growths;
};

constexpr double growth_limit = 1.1;
/// Ends and starts of all branches meet in one step, so n * log n it may be.
constexpr double branch_growth_limit = 1.2;
constexpr int test_count = 1000;
constexpr double tests_limit_ms = 10'000;
constexpr int sizes[] = {1000, 10'000, 100'000};

std::string stem(const Options& options, int phases) { return options.scratch / fmt::format("phases-{}", phases); }

std::string branches_file(const Options& options, int branches) {
  return options.scratch / fmt::format("branches-{}.rollout", branches);
}
std::string branches_name(int branches) { return fmt::format("plan of {} branches", branches); }

std::vector<Case> cases(const Options& options) {
  fs::path root = ROLLOUT_SOURCE_DIR;
  std::string rollout = options.rollout, pkl = options.pkl, jsonnet = options.jsonnet;
  std::string shop = root / "examples/quickstart/shop.rollout";
  fs::path peers = root / "tests/bench/quickstart";
  std::vector<Case> all = {{"cold check of the quickstart",
                            "pkl eval",
                            {rollout, "check", shop},
                            {pkl, "eval", peers / "shop.pkl"},
                            1.0,
                            41},
                           {"cold check of the quickstart",
                            "jsonnet",
                            {rollout, "check", shop},
                            {jsonnet, peers / "shop.jsonnet"},
                            0.3,
                            21}};
  auto add_phases = [&](int phases, std::string peer, Command theirs, double limit, int rounds, double memory = 0) {
    theirs.push_back(stem(options, phases) + (peer == "pkl eval" ? ".pkl" : ".star"));
    all.push_back({fmt::format("check and plan of {} phases", phases),
                   std::move(peer),
                   {rollout, "plan", "--offline", "--timings", stem(options, phases) + ".rollout"},
                   std::move(theirs),
                   limit,
                   rounds,
                   memory});
  };
  add_phases(1000, "pkl eval", {pkl, "eval"}, 1.0, 9);
  add_phases(10'000, "pkl eval", {pkl, "eval"}, 0.2, 5);
  add_phases(10'000, "starlark", {options.starlark}, 1.0, 9);
  add_phases(100'000, "pkl eval", {pkl, "eval"}, 0.15, 3, 0.5);
  return all;
}

Status write_inputs(const Options& options) {
  fs::create_directories(options.scratch);
  fs::path generator = fs::path(ROLLOUT_SOURCE_DIR) / "tests/bench/perf/gen.py";
  for (int phases : sizes) {
    std::ofstream(stem(options, phases) + ".rollout") << rollout_source(phases);
    for (const char* language : {"pkl", "star"}) {
      Status written = write_peer_source(generator, language, phases, stem(options, phases) + "." + language);
      if (!written) return written;
    }
  }
  std::ofstream(options.scratch / "chain.rollout") << chain_source(sizes[2]);
  std::ofstream(options.scratch / "fan.rollout") << fan_source(sizes[2]);
  std::ifstream shop(fs::path(ROLLOUT_SOURCE_DIR) / "examples/quickstart/shop.rollout");
  std::string program((std::istreambuf_iterator<char>(shop)), std::istreambuf_iterator<char>());
  std::ofstream(options.scratch / "tests.rollout") << tests_source(program, test_count);
  for (int i : {1, 2}) std::ofstream(branches_file(options, sizes[i])) << branches_source(sizes[i]);
  return Done{};
}

/// What ends with `suffix`; null: it was not run.
template <typename Measured>
const Measured* find_named(const std::vector<Measured>& all, std::string_view suffix) {
  for (const Measured& one : all)
    if (one.name.ends_with(suffix)) return &one;
  return nullptr;
}

std::vector<Growth> growths_of(const Report& report) {
  auto exponent = [](double from, double to, int powers_of_ten) { return std::log10(to / from) / powers_of_ten; };
  std::vector<Growth> all;
  const Line *small = find_named(report.lines, " 1000 phases"), *large = find_named(report.lines, " 100000 phases");
  if (small && large)
    all.push_back({"growth from 1000 to 100000 phases",
                   exponent(small->figures.ours.cpu_ms, large->figures.ours.cpu_ms, 2),
                   exponent(small->figures.peer.cpu_ms, large->figures.peer.cpu_ms, 2), growth_limit});
  const Shape *few = find_named(report.shapes, branches_name(sizes[1])),
              *many = find_named(report.shapes, branches_name(sizes[2]));
  if (few && many)
    all.push_back({"growth from 10000 to 100000 branches", exponent(few->figures.cpu_ms, many->figures.cpu_ms, 1),
                   std::nullopt, branch_growth_limit});
  return all;
}

void print_text(const Report& report) {
  fmt::print("{}\n\n{:<34} {:>9} {:>10} {:>9} {:>7} {:>7} {:>6} {:>11} {:>9}\n", machine(), "case", "ours ms",
             "peer", "peer ms", "ratio", "limit", "load", "MiB o/p", "proofs ms");
  for (const Line& line : report.lines) {
    const Comparison& f = line.figures;
    fmt::print("{:<34} {:>9.1f} {:>10} {:>9.1f} {:>7.2f} {:>7.2f} {:>6.2f} {:>5.0f}/{:<5.0f} {:>9.1f}{}\n", line.name,
               f.ours.wall_ms, line.peer, f.peer.wall_ms, f.ratio, line.limit, f.load, f.ours.peak_mib,
               f.peer.peak_mib, f.ours.proofs_ms, line.is_kept() ? "" : "  over the limit");
  }
  for (const Shape& shape : report.shapes)
    fmt::print("{:<34} {:>9.1f} {:>55.0f}/-\n", shape.name, shape.figures.wall_ms, shape.figures.peak_mib);
  for (const Growth& growth : report.growths) {
    std::string peer = growth.peer ? fmt::format("{:>10} {:>9.2f}", "pkl eval", *growth.peer) : "";
    fmt::print("{:<36} {:>7.2f} {:>20} {:>7} {:>7.2f}{}\n", growth.name, growth.ours, peer, "", growth.limit,
               growth.is_kept() ? "" : "  over the limit");
  }
}

void print_json(const Report& report) {
  json::Writer out;
  out.begin_object().field("version", 1).field("machine", machine()).key("cases").begin_array();
  for (const Line& line : report.lines) {
    const Comparison& f = line.figures;
    out.begin_object()
        .field("name", line.name)
        .field("ours_ms", f.ours.wall_ms)
        .field("ours_least_ms", f.least_ms);
    if (f.ours.proofs_ms > 0) out.field("proofs_ms", f.ours.proofs_ms);
    out.field("ours_cpu_ms", f.ours.cpu_ms).field("ours_peak_mib", f.ours.peak_mib);
    out.field("peer", line.peer).field("peer_ms", f.peer.wall_ms).field("peer_cpu_ms", f.peer.cpu_ms);
    out.field("peer_peak_mib", f.peer.peak_mib).field("ratio", f.ratio).field("limit", line.limit);
    out.field("load", f.load).field("kept", line.is_kept()).end_object();
  }
  out.end_array().key("shapes").begin_array();
  for (const Shape& shape : report.shapes)
    out.begin_object()
        .field("name", shape.name)
        .field("ours_ms", shape.figures.wall_ms)
        .field("ours_peak_mib", shape.figures.peak_mib)
        .end_object();
  out.end_array().key("growth").begin_array();
  for (const Growth& growth : report.growths) {
    out.begin_object().field("name", growth.name).field("ours", growth.ours);
    if (growth.peer) out.field("peer", *growth.peer);
    out.field("limit", growth.limit).field("kept", growth.is_kept()).end_object();
  }
  out.end_array().end_object();
  fmt::print("{}\n", out.text());
}

int run(const Options& options) {
  Status written = write_inputs(options);
  if (!written) {
    fmt::print(stderr, "rollout_bench: {}\n", written.error().message);
    return 2;
  }
  Report report;
  bool failed = false;
  for (const Case& test : cases(options)) {
    if (test.name.find(options.only) == std::string::npos) continue;
    Result<Comparison> figures = compare(test.ours, test.theirs, test.rounds);
    failed |= !figures;
    if (figures) report.lines.push_back({test.name, test.peer, *figures, test.limit, test.memory_limit});
    else fmt::print(stderr, "rollout_bench: {}: {}\n", test.name, figures.error().message);
  }
  auto run_shape = [&](std::string name, Command command, double limit_ms = 0) {
    if (name.find(options.only) == std::string::npos) return;
    Result<Sample> figures = run_once(command);
    failed |= !figures;
    if (figures) report.shapes.push_back({name, *figures, limit_ms});
    else fmt::print(stderr, "rollout_bench: {}: {}\n", name, figures.error().message);
  };
  for (std::string shape : {"chain", "fan"})
    run_shape(fmt::format("check of a {} of {}", shape, sizes[2]),
              {options.rollout, "check", options.scratch / (shape + ".rollout")});
  for (int i : {1, 2})
    run_shape(branches_name(sizes[i]), {options.rollout, "plan", "--offline", branches_file(options, sizes[i])});
  run_shape(fmt::format("{} tests", test_count),
            {options.rollout, "test", "--quiet", options.scratch / "tests.rollout"}, tests_limit_ms);
  report.growths = growths_of(report);
  (options.json ? print_json : print_text)(report);
  if (failed) return 2;
  for (const Line& line : report.lines)
    if (!line.is_kept()) return 1;
  for (const Shape& shape : report.shapes)
    if (!shape.is_kept()) return 1;
  for (const Growth& growth : report.growths)
    if (!growth.is_kept()) return 1;
  return 0;
}

/// Nothing: no benchmark of the engine is meant.
std::optional<int> run_engine(const Options& options) {
  if (options.scratch.empty() && options.only != "proofs" && options.only != "scheduler") return std::nullopt;
  return run_engine_bench(options.only, {options.scratch, options.quick});
}

}  // namespace

}  // namespace rollout::bench

int main(int argc, char** argv) {
  rollout::bench::Options options;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    bool has_value = i + 1 < argc;
    if (argument == "--json") options.json = true;
    else if (argument == "--rollout" && has_value) options.rollout = fs::absolute(argv[++i]);
    else if (argument == "--pkl" && has_value) options.pkl = argv[++i];
    else if (argument == "--jsonnet" && has_value) options.jsonnet = argv[++i];
    else if (argument == "--starlark" && has_value) options.starlark = argv[++i];
    else if (argument == "--scratch" && has_value) options.scratch = fs::absolute(argv[++i]);
    else if (argument == "--quick") options.quick = true;
    else if (argument == "--only" && has_value) options.only = argv[++i];
    else options.rollout.clear(), i = argc;
  }
  if (std::optional<int> code = rollout::bench::run_engine(options)) return *code;
  if (options.rollout.empty() || options.pkl.empty() || options.starlark.empty() || options.scratch.empty()) {
    fmt::print(stderr,
               "usage: rollout_bench --rollout PROGRAM --pkl PROGRAM --starlark PROGRAM --scratch FOLDER "
               "[--jsonnet PROGRAM] [--only WORDS] [--json]\n"
               "       rollout_bench --only NAME --scratch FOLDER [--quick]   NAME: {}\n",
               rollout::bench::engine_benches());
    return 2;
  }
  return rollout::bench::run(options);
}
