// Sources read from a real file system, with everything in the way that a folder can hold.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "runtime/effects/source_files.h"

namespace fs = std::filesystem;

namespace rollout::test {

namespace {

constexpr size_t plenty = 1000;

/// A project, and beside it what it must not reach.
struct Tree {
  fs::path base, root;

  Tree() {
    std::string name = (fs::temp_directory_path() / "rollout-sources-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()));
    base = fs::canonical(name);
    root = base / "project";
    fs::create_directories(root / "parts");
    fs::create_directories(base / "project-2");
    write(base / "secret.rollout", "secret");
    write(base / "project-2" / "other.rollout", "other");
    write(root / "shop.rollout", "shop");
    write(root / "parts" / "gates.rollout", "gates");
  }
  ~Tree() { fs::remove_all(base); }

  static void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
  Result<std::string> read(const std::string& path, size_t max_bytes = plenty) const {
    return effects::read_below(root.string(), path, max_bytes);
  }
  std::string why_not(const std::string& path) const {
    Result<std::string> text = read(path);
    REQUIRE(!text);
    return text.error().message;
  }
};

}  // namespace

TEST_CASE("files of the project are read, by links inside of it too, and have one name", "[sources]") {
  Tree tree;
  fs::create_symlink("parts/gates.rollout", tree.root / "link.rollout");
  fs::create_directory_symlink("parts", tree.root / "pieces");
  fs::create_symlink(tree.root / "shop.rollout", tree.root / "absolute.rollout");
  CHECK(*tree.read("shop.rollout") == "shop");
  CHECK(*tree.read("link.rollout") == "gates");
  CHECK(*tree.read("pieces/gates.rollout") == "gates");
  CHECK(*tree.read("absolute.rollout") == "shop");
  for (const char* path : {"link.rollout", "pieces/gates.rollout", "parts/gates.rollout", "parts/../link.rollout"})
    CHECK(*effects::real_path_below(tree.root.string(), path) == "parts/gates.rollout");
}

TEST_CASE("no path and no link leaves the project", "[sources]") {
  Tree tree;
  fs::create_symlink(tree.base / "secret.rollout", tree.root / "absolute.rollout");
  fs::create_symlink("../secret.rollout", tree.root / "relative.rollout");
  fs::create_directory_symlink("..", tree.root / "up");
  fs::create_directory_symlink(tree.base / "project-2", tree.root / "beside");
  fs::create_symlink("up/secret.rollout", tree.root / "chain.rollout");
  for (const char* path : {"absolute.rollout", "relative.rollout", "up/secret.rollout", "beside/other.rollout",
                           "chain.rollout", "../secret.rollout", "parts/../../secret.rollout"}) {
    INFO(path);
    std::string why = tree.why_not(path);
    CHECK(why.find("outside of " + tree.root.string()) != std::string::npos);
    CHECK(why.find("put a copy into the project") != std::string::npos);
    CHECK(!effects::real_path_below(tree.root.string(), path));
  }
}

TEST_CASE("links that lead nowhere are named as such", "[sources]") {
  Tree tree;
  fs::create_symlink("gone.rollout", tree.root / "dangling.rollout");
  fs::create_symlink("round.rollout", tree.root / "round.rollout");
  CHECK(tree.why_not("dangling.rollout") == "it is a symbolic link to something that is not there");
  CHECK(tree.why_not("round.rollout") == "its symbolic links go round in a circle");
  CHECK(tree.why_not("gone.rollout") == "there is no such file");
  CHECK(tree.why_not("shop.rollout/x") == "there is no such file");
}

TEST_CASE("what is no file is refused, and nothing is waited for", "[sources]") {
  Tree tree;
  REQUIRE(mkfifo((tree.root / "pipe.rollout").c_str(), 0600) == 0);
  CHECK(tree.why_not("pipe.rollout") == "it is a pipe, no regular file");
  CHECK(tree.why_not("parts") == "it is a folder, no regular file");
  CHECK(effects::read_below("/dev", "null", plenty).error().message == "it is a device, no regular file");
  int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string path = (tree.root / "s.rollout").string();
  REQUIRE(path.size() < sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  REQUIRE(bind(socket_fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  CHECK(tree.why_not("s.rollout") == "it is a socket, no regular file");
  close(socket_fd);
}

TEST_CASE("the size is looked at before anything is read", "[sources]") {
  Tree tree;
  Tree::write(tree.root / "large.rollout", "");
  fs::resize_file(tree.root / "large.rollout", uintmax_t{1} << 40);
  CHECK(tree.why_not("large.rollout") == "it has 1099511627776 bytes, at most 1000 are read");
  CHECK(tree.read("shop.rollout", 4));
  CHECK(!tree.read("shop.rollout", 3));
}

}  // namespace rollout::test
