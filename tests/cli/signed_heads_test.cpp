// Noted heads that are signed and kept twice: what is found when somebody writes them anew; and one record that is
// damaged among others.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "runtime/cli/record.h"
#include "runtime/effects/signature.h"
#include "runtime/effects/signing_key.h"
#include "runtime/journal/chain.h"
#include "tests/cli/terminal.h"
#include "tests/sim/state_directory.h"

namespace rollout::cli_test {

namespace {

namespace fs = std::filesystem;

constexpr const char* shop = R"(import std.backend.{local}

target hosts: local { directory = "run" }
team sre { members = ["anna"] }

service checkout {
  workload = hosts { command = ["bin/checkout"]  ready = http("/")  replicas = 2  ports_from = 19400 }
}
service search {
  workload = hosts { command = ["bin/search"]  ready = http("/")  replicas = 2  ports_from = 19500 }
}

rollout gated {
  approve by sre { timeout 1m }
  checkout.install("checkout:1")
}
rollout plain { search.install("search:2") }
rollout other { search.install("search:3") }
)";

std::string read(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}
void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

/// Two runs whose heads were signed and copied, behind one whose head was not.
struct Signed {
  Terminal terminal{shop};
  Signed() {
    CHECK(terminal.type({"rollback", terminal.begin("plain"), "--reason", "orders are lost"}) == 4);
    CHECK(terminal.type({"audit", "--new-key", "release.key"}) == 0);
    write(terminal.directory() / "rollout.toml", "[cli]\nsign_key = \"release.key\"\nheads_copy = \"copy.jsonl\"\n");
    CHECK(terminal.type({"rollback", terminal.begin("other"), "--reason", "orders are lost"}) == 4);
    CHECK(terminal.type({"apply", "--resume", terminal.begin("gated")}) == 5);
  }
  fs::path heads() const { return terminal.directory() / "state/heads.jsonl"; }
  void finds(const std::string& what, std::vector<std::string> words = {}) {
    words.insert(words.begin(), {"audit", "--verify"});
    CHECK(terminal.type(words) == 7);
    says(terminal, what);
  }
};

/// The text with every line chained anew, as somebody without the key can write it.
std::string chained_anew(const std::string& text) {
  std::stringstream in(text);
  std::string out, previous;
  for (std::string line; std::getline(in, line);) {
    size_t at = line.find(R"("previous":")") + 12, end = line.find('"', at);
    line.replace(at, end - at, previous);
    previous = journal::chain_next("", line);
    out += line + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("a key signs for its owner alone, and openssl reads what it writes") {
  Terminal terminal(shop);
  std::string path = (terminal.directory() / "k").string();
  REQUIRE(effects::make_signing_key(path));
  CHECK((fs::status(path).permissions() & fs::perms::all) == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(!effects::make_signing_key(path));  // never over another one
  Result<effects::SigningKey> key = effects::SigningKey::read(path);
  REQUIRE(key);
  Result<std::string> open_part = effects::read_public_key(path + ".pub");
  REQUIRE(open_part);
  CHECK(key->public_der() == *open_part);
  Result<std::string> signature = key->sign("a head");
  REQUIRE(signature);
  CHECK(*effects::has_signed(*open_part, "a head", *signature));
  CHECK_FALSE(*effects::has_signed(*open_part, "a heap", *signature));
  fs::permissions(path, fs::perms::group_read, fs::perm_options::add);
  Result<effects::SigningKey> loose = effects::SigningKey::read(path);
  REQUIRE(!loose);
  CHECK(loose.error().message.find("others than you may read or own it; `chmod 600 ") != std::string::npos);
  CHECK(!effects::read_public_key(path));
  CHECK(!effects::SigningKey::read(path + ".pub"));
  CHECK(!effects::SigningKey::read(path + ".gone"));
}

TEST_CASE("signed heads are checked by the public key, and cover the unsigned ones in front of them") {
  Signed project;
  Terminal& terminal = project.terminal;
  CHECK(terminal.type({"audit", "--verify"}) == 0);
  says(terminal, "3 noted heads compared (sha256-chain, 2 signed by ");
  CHECK(terminal.type({"audit", "--verify", "--key", "release.key.pub", "--copy", "copy.jsonl"}) == 7);
  says(terminal, "line 1 of the noted heads is not that of the copy");  // which began later
  fs::copy(project.heads(), terminal.directory() / "whole.jsonl");
  CHECK(terminal.type({"audit", "--verify", "--copy", "whole.jsonl", "--format", "json"}) == 0);
  says(terminal, R"("signed":2)");
  CHECK(terminal.type({"audit", "--verify", "--key", "nothing.pub"}) == 6);
}

TEST_CASE("heads that were written anew without the key are found, and so is an end that is gone") {
  Signed project;
  std::string text = read(project.heads());
  fs::copy(project.heads(), project.terminal.directory() / "whole.jsonl");
  std::string edited = text;
  edited.replace(edited.find(R"("events":)") + 9, 1, "1");
  write(project.heads(), chained_anew(edited));
  project.finds("line 2 of the noted heads was not signed by the key ");
  std::string stripped = text.substr(0, text.rfind(R"(,"signature")")) + "}\n";
  write(project.heads(), stripped);
  project.finds("line 3 of the noted heads is not signed, and one before it is");
  size_t first = text.find('\n') + 1;
  write(project.heads(), text.substr(0, first));
  project.finds("no noted head is signed by the key ");
  write(project.heads(), text.substr(0, text.rfind('\n', text.size() - 2) + 1));
  CHECK(project.terminal.type({"audit", "--verify"}) == 0);  // alone it cannot be seen
  project.finds("the end of the noted heads was cut off: the copy has 3 lines, 2 are there", {"--copy", "whole.jsonl"});
  fs::remove(project.heads());
  project.finds("the end of the noted heads was cut off: the copy has 3 lines, 0 are there", {"--copy", "whole.jsonl"});
}

TEST_CASE("a key that may not be used keeps no run from going on, and is said") {
  Signed project;
  fs::permissions(project.terminal.directory() / "release.key", fs::perms::others_read, fs::perm_options::add);
  CHECK(project.terminal.type({"apply", "--resume", "r3"}) == 5);
  says(project.terminal, "the head of run r3 could not be noted or signed in ");
  project.finds("line 4 of the noted heads is not signed, and one before it is");
}

TEST_CASE("a run whose record is damaged leaves every other run as it is, in every command") {
  Terminal terminal(shop);
  std::string bad = terminal.begin("plain"), good = terminal.begin("gated");
  journal::sql((terminal.directory() / "state/rollout.db").string(),
               "UPDATE events SET line = 'x' || line WHERE run = 'r1'");
  CHECK(terminal.type({"metrics"}) == 0);
  says(terminal, "rollout_run_damaged{run=\"r1\",rollout=\"plain\"} 1");
  says(terminal, "rollout_run_driven{run=\"r2\",rollout=\"gated\"} 0");
  CHECK(terminal.type({"history"}) == 0);
  says(terminal, "damaged:");
  for (std::vector<std::string> words : {std::vector<std::string>{"status"}, {"status", good}, {"explain", good},
                                         {"audit", good}, {"pause", good, "--reason", "x"},
                                         {"stop-the-line", "--reason", "x"}, {"start-the-line", "--reason", "x"}}) {
    INFO(words[0]);
    CHECK(terminal.type(words) == 0);
  }
  CHECK(terminal.type({"audit", "--verify"}) == 7);
  says(terminal, "run r1: ");
  CHECK(terminal.said.find("run r2: ") == std::string::npos);
  CHECK(terminal.type({"abort", good, "--reason", "x"}) == 4);
  // Of the damaged one every command says what is wrong, and changes nothing.
  for (std::vector<std::string> words :
       {std::vector<std::string>{"status", bad}, {"status", bad, "--watch"}, {"explain", bad}, {"audit", bad},
        {"apply", "--resume", bad}, {"pause", bad, "--reason", "x"}, {"approve", bad, "--as", "anna"},
        {"rollback", bad, "--reason", "x"}, {"abort", bad, "--reason", "x"}}) {
    INFO(words[0]);
    CHECK(terminal.type(words) == 5);
    says(terminal, "r1 is damaged");
  }
}

}  // namespace rollout::cli_test
