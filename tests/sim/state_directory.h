// A folder of its own for one test of a store in a file, gone afterwards, and a hand in that file.
#pragma once

#include <filesystem>
#include <string>

#include <catch2/catch.hpp>
#include <sqlite3.h>
#include <stdlib.h>

namespace rollout::journal {

struct Directory {
  std::filesystem::path path;
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rollout-store-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::string file() const { return (path / "rollout.db").string(); }
};

inline void sql(const std::string& file, const char* text) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &db) == SQLITE_OK);
  CHECK(sqlite3_exec(db, text, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
}

}  // namespace rollout::journal
