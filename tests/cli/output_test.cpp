// What happens to output that cannot be written, and to files that `--out` would write over.

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/cli/screen.h"
#include "runtime/cli/style.h"
#include "tests/cli/terminal.h"

namespace rollout::cli_test {

namespace {

namespace fs = std::filesystem;

constexpr const char* shop = R"(import std.backend.{local}
target hosts: local { directory = "run" }
service checkout {
  workload = hosts { command = ["bin/checkout"]  ready = http("/")  replicas = 2  ports_from = 19400 }
}
rollout release { checkout.install("checkout:1") }
)";

}  // namespace

TEST_CASE("output that is lost is a failure of what only shows something") {
  Terminal terminal(shop);
  CHECK(terminal.type({"status"}) == 0);
  terminal.output_error = "No space left on device";
  CHECK(terminal.type({"status"}) == 6);
  says(terminal, "not all output could be written: No space left on device");
  CHECK(terminal.type({"plan", "release.rollout", "--offline", "--format", "json", "--detailed-exitcode"}) == 6);
  CHECK(terminal.type({"help"}) == 6);
  CHECK(terminal.type({"plan", "nothing.rollout"}) == 2);
}

TEST_CASE("output that is lost does not hide how a run ended") {
  Terminal terminal(shop);
  std::string run = terminal.begin("release");
  terminal.output_error = "No space left on device";
  CHECK(terminal.type({"abort", run}) == 4);
  says(terminal, "not all output could be written");
}

TEST_CASE("a log that cannot be kept is said, and no advice to do again what was done") {
  Terminal terminal(shop);
  std::string run = terminal.begin("release");
  CHECK(terminal.type({"abort", run, "--reason", "wrong image", "--log", ""}) == 2);
  says(terminal, "`--log` needs the name of a file; without it no log is kept");
  CHECK(terminal.store().requests(run, 0)->empty());
  CHECK(terminal.type({"abort", run, "--reason", "wrong image", "--log", "/dev/full"}) == 4);
  says(terminal, "not everything that happened is in /dev/full: cannot write /dev/full: No space left on device (");
}

TEST_CASE("a log whose reader takes nothing keeps nobody waiting") {
  Terminal terminal(shop);
  std::string run = terminal.begin("release"), path = (terminal.directory() / "pipe").string();
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  int writer = open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE((reader >= 0 && writer >= 0));
  while (write(writer, "x", 1) == 1) {}
  CHECK(terminal.type({"abort", run, "--reason", "wrong image", "--log", path}) == 4);
  says(terminal, "its reader takes nothing (");
  close(writer);
  close(reader);
}

TEST_CASE("`plan --out` replaces nothing but a plan") {
  Terminal terminal(shop);
  auto save = [&](const char* name) {
    return terminal.type({"plan", "release.rollout", "--offline", "--quiet", "--out", name});
  };
  REQUIRE(mkfifo((terminal.directory() / "pipe").c_str(), 0600) == 0);
  CHECK(save("pipe") == 2);
  says(terminal, "`--out pipe` is no regular file");
  CHECK(fs::is_fifo(terminal.directory() / "pipe"));
  std::ofstream(terminal.directory() / "notes") << "mine";
  fs::create_symlink("notes", terminal.directory() / "link");
  CHECK(save("link") == 2);
  CHECK(fs::is_symlink(terminal.directory() / "link"));
  CHECK(save("notes") == 2);
  CHECK(fs::file_size(terminal.directory() / "notes") == 4);
  std::ofstream(terminal.directory() / "empty");  // as `mktemp` leaves it
  CHECK(save("empty") == 0);
  CHECK(save("empty") == 0);
  CHECK(fs::file_size(terminal.directory() / "empty") > 100);
}

TEST_CASE("`metrics --out` replaces nothing but metrics") {
  Terminal terminal(shop);
  auto write = [&](const char* name) { return terminal.type({"metrics", "--out", name}); };
  uintmax_t state_bytes = fs::file_size(terminal.directory() / "state/rollout.db");
  CHECK(write("state/rollout.db") == 2);
  says(terminal, "`--out state/rollout.db` is there already and is no file of metrics");
  CHECK(fs::file_size(terminal.directory() / "state/rollout.db") == state_bytes);
  CHECK(write("release.rollout") == 2);
  CHECK(write("new.rollout") == 2);
  REQUIRE(mkfifo((terminal.directory() / "pipe").c_str(), 0600) == 0);
  CHECK(write("pipe") == 2);
  says(terminal, "or print the metrics: without --out");
  std::ofstream(terminal.directory() / "notes") << "mine";
  fs::create_symlink("notes", terminal.directory() / "link");
  CHECK(write("link") == 2);
  CHECK(fs::is_symlink(terminal.directory() / "link"));
  CHECK(write("state") == 2);
  CHECK(write("") == 2);
  CHECK(write("notes") == 2);
  CHECK(fs::file_size(terminal.directory() / "notes") == 4);
  std::ofstream(terminal.directory() / "empty");
  CHECK(write("empty") == 0);
  CHECK(write("empty") == 0);
  CHECK(fs::file_size(terminal.directory() / "empty") > 100);
}

TEST_CASE("a plan that is larger than any is refused, by its size") {
  Terminal terminal(shop);
  for (const char* name : {"large.plan", "large.saved"}) {
    std::ofstream(terminal.directory() / name) << "{";
    fs::resize_file(terminal.directory() / name, uintmax_t{300} << 20);  // takes no room
    CHECK(terminal.type({"show", name}) == 7);
    CHECK(terminal.type({"simulate", name}) == 7);
    CHECK(terminal.type({"apply", name, "--yes"}) == 7);
    says(terminal, "it has more than 268435456 bytes, and no plan has");
  }
}

TEST_CASE("a run without a driver says what serves, and for how long nobody has driven it") {
  Terminal terminal(shop);
  std::string run = terminal.begin("release");
  CHECK(terminal.type({"status", run}) == 0);
  says(terminal, "state     traffic stays as it is");
  says(terminal, "now       checkout: (nothing); for 999ms without a driver\n");
}

TEST_CASE("a run that went back shows that its version does not serve") {
  Terminal terminal(shop);
  std::string run = terminal.begin("release");
  CHECK(terminal.type({"abort", run, "--reason", "wrong image"}) == 4);
  says(terminal, "checkout  (nothing) -> checkout:1 -> (nothing)");
  says(terminal, "rolling back: aborted by");
  CHECK(terminal.type({"status"}) == 0);
  says(terminal, "rolled back");
  CHECK(terminal.type({"abort", run}) == 7);
  says(terminal, "run r1 has ended already (rolled back)");
}

TEST_CASE("text is broken between words, and none of it is lost") {
  std::vector<std::string> lines = cli::wrap("canary 12/240 5.0%,  stable averylongwordindeed 0", 20);
  CHECK(lines == std::vector<std::string>{"canary 12/240 5.0%,", "stable", "averylongwordindeed", "0"});
  CHECK(cli::wrap("saw a  b", 20) == std::vector<std::string>{"saw a  b"});
  CHECK(cli::wrap("", 20).empty());
  CHECK(cli::one_line("a\nb\n") == "a<U+000A>b<U+000A>");
  CHECK(cli::wrap("why\nrun r1 succeeded", 40) == std::vector<std::string>{"why<U+000A>run r1 succeeded"});
}

TEST_CASE("a line that is longer than the window is broken between words, in its colours") {
  using Lines = std::vector<std::string>;
  CHECK(cli::folded("one two three\n\nfour", 8) == Lines{"one two", "  three", "", "four"});
  CHECK(cli::folded("  next      rollout apply --resume r1   goes on", 24) ==
        Lines{"  next      rollout", "    apply --resume r1", "    goes on"});
  CHECK(cli::folded("abcdefghij", 4) == Lines{"abcd", "  ef", "  gh", "  ij"});
  CHECK(cli::folded("    deep and narrow", 6) == Lines{"    de", "   ep", "   and", "   nar", "   row"});
  CHECK(cli::folded("exactly", 7) == Lines{"exactly"});
  cli::Style style;
  style.color = true;
  CHECK(cli::folded("a " + style.bad("bad thing") + " b", 6) ==
        Lines{"a " + style.bad("bad"), "  " + style.bad("thin"), "  " + style.bad("g") + " b"});
  // Of two columns each, and of none.
  CHECK(cli::folded("東京都庁", 5) == Lines{"東京", "  都", "  庁"});
  CHECK(cli::folded("e\u0301e\u0301e\u0301", 2) == Lines{"e\u0301e\u0301", " e\u0301"});
  CHECK(cli::width_of("東京 é " + style.bad("x")) == 8);
  CHECK(cli::cut("東京都庁", 6, style) == "東京…");
}

TEST_CASE("of a picture that is higher than the window the head is shown") {
  using Lines = std::vector<std::string>;
  cli::Style style;
  CHECK(cli::fitted("1\n2\n3\n", {80, 4}, style) == Lines{"1", "2", "3"});
  CHECK(cli::fitted("1\n2\n3\n4\n5\n", {80, 4}, style) == Lines{"1", "2", "… 3 more lines"});
  CHECK(cli::fitted("1\n2\n3 and more\n", {6, 4}, style) == Lines{"1", "2", "… 2 m…"});
  CHECK(cli::fitted("1\n2\n", {80, 1}, style) == Lines{"… 2 more lines"});
}

TEST_CASE("what comes from outside does not act on the terminal") {
  cli::Style style;
  style.color = true;
  CHECK(cli::shown(style.bad("no:") + " a\tb\n") == style.bad("no:") + " a\tb\n");
  CHECK(cli::shown("\033[8mhidden\033[0m \033]0;title\a") == "<U+001B>[8mhidden\033[0m <U+001B>]0;title<U+0007>");
  CHECK(cli::shown("100%\r5%") == "100%<U+000D>5%");
  CHECK(cli::shown("a\xE2\x80\xAE" "b \xC2\x9B \xFF\xE2\x80") == "a<U+202E>b <U+009B> <0xFF><0xE2><0x80>");
  CHECK(cli::shown("naïve → 東京 👩\u200D🚀") == "naïve → 東京 👩\u200D🚀");
  Terminal terminal(shop);
  CHECK(terminal.type({"status", "no\033[2Jrun"}) == 2);
  says(terminal, "no<U+001B>[2Jrun");
  // What somebody typed is not ours, whether anything is painted beside it or not.
  for (const char* color : {"never", "always"}) {
    CHECK(terminal.type({"explain", "\033[32mrun", "--color", color}) == 2);
    says(terminal, "<U+001B>[32mrun");
  }
  Terminal asks(std::string(shop) + "input note: String = \"a\"\n");
  CHECK(asks.type({"plan", "release.rollout", "--offline", "--set", "note=a\033[32mb", "--color", "always"}) == 1);
  says(asks, "input `note` cannot be `a<U+001B>[32mb`: U+001B may not stand in it");
  CHECK(terminal.type({"\033[32mrun"}) == 2);
  says(terminal, "<U+001B>[32mrun");
}

}  // namespace rollout::cli_test
