#include "runtime/journal/sqlite_store.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "runtime/effects/left_locks.h"
#include "runtime/journal/promotion.h"

#include "runtime/journal/sqlite_db.h"
#include "runtime/journal/sqlite_look.h"
#include "runtime/journal/sqlite_schema.h"

namespace rollout::journal {

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& path, const MayConvert& may) {
  Result<std::unique_ptr<SqliteDb>> db = SqliteDb::open(path);
  if (!db) return db.error();
  if (!(*db)->may_write()) return looking(std::move(*db));
  if (may) {
    Result<int64_t> format = format_of(**db);
    if (!format) return format.error();
    if (*format > 0 && *format < file_version) {
      Result<std::unique_ptr<SqliteStore>> older = looking(std::move(*db));
      Status convert = older ? may(**older, *format) : Status(older.error());
      if (!convert) return convert.error();
      older->reset();
      return open(path);
    }
  }
  if (Status ready = prepare_schema(**db); !ready) return ready.error();
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(*db), locks_of(path)));
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::look(const std::string& path) {
  Result<std::unique_ptr<SqliteDb>> db = SqliteDb::open(path);
  if (!db) return db.error();
  Result<int64_t> format = format_of(**db);
  if (!format) return format.error();
  if (*format != file_version || !(*db)->may_write()) return looking(std::move(*db));
  if (Status ready = prepare_schema(**db); !ready) return ready.error();
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(*db), locks_of(path)));
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::looking(std::unique_ptr<SqliteDb> file) {
  std::string locks = locks_of(file->path());
  Result<std::unique_ptr<SqliteLook>> look = SqliteLook::open(std::move(file));
  if (!look) return look.error();
  SqliteLook* only_looks = look->get();
  std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(*look), std::move(locks)));
  store->look_ = only_looks;
  return store;
}

// SQLite's file format: sixteen bytes of magic, and the application's number at byte 68, the highest byte first.
bool is_state_file(const std::string& path) {
  constexpr std::string_view magic("SQLite format 3\0", 16);
  constexpr size_t id_at = 68, id_bytes = 4;
  std::string header(id_at + id_bytes, '\0');
  std::ifstream in(path, std::ios::binary);
  if (!in.read(header.data(), std::streamsize(header.size())) || !header.starts_with(magic)) return false;
  int64_t id = 0;
  for (size_t i = 0; i < id_bytes; ++i) id = id << 8 | uint8_t(header[id_at + i]);
  return id == application_id;
}

std::string locks_of(const std::string& path) {
  size_t folder = path.rfind('/');
  return (folder == std::string::npos ? "." : path.substr(0, folder)) + "/locks";
}

/// The oldest first, as far as their names say so.
Result<std::vector<std::string>> SqliteClaims::waiting() {
  Result<std::vector<std::string>> left = effects::left_in(directory());
  if (!left) return left.error();
  std::sort(left->begin(), left->end(), [](const std::string& a, const std::string& b) {
    return std::pair(a.size(), std::string_view(a)) < std::pair(b.size(), std::string_view(b));
  });
  left->erase(std::unique(left->begin(), left->end()), left->end());
  std::vector<std::string> out;
  for (const std::string& name : *left) {
    if (out.size() == max_waiting) break;
    Result<bool> waits_for_others = waits(name, *left);
    if (!waits_for_others) return waits_for_others.error();
    if (*waits_for_others) out.push_back(name);
  }
  return out;
}

Result<bool> SqliteClaims::waits(const std::string& name, const std::vector<std::string>& left) {
  const char* open = is_promotion(name) ? "SELECT name FROM promotions WHERE name = $1 AND outcome = ''"
                                        : "SELECT run FROM runs WHERE run = $1 AND outcome = ''";
  Result<std::vector<JournalDb::Row>> rows = db_.run(open, {name});
  if (!rows) return rows.error();
  if (rows->empty()) return false;
  // A run whose promotion is among them or is driven is driven by that.
  Result<std::vector<JournalDb::Row>> whole =
      db_.run("SELECT name, promotion, file FROM promotions WHERE open_run = $1 AND outcome = ''", {name});
  if (!whole) return whole.error();
  for (const JournalDb::Row& one : *whole) {
    if (std::find(left.begin(), left.end(), one[0]) != left.end()) return false;
    PromotionInfo info{one[0], one[1], {}, 0, {}};
    read_file_cell(one[2], info);
    Result<std::optional<effects::Holder>> driver = claimant(promotion_claim(info));
    if (driver && *driver) return false;
  }
  return true;
}

SqliteDb& SqliteStore::file() {
  return look_ != nullptr ? look_->file() : static_cast<SqliteDb&>(*db_);
}

Status SqliteStore::back_up(const std::string& path) { return file().copy_to(path); }

Status SqliteStore::check_whole() {
  Result<std::vector<JournalDb::Row>> rows = file().run("PRAGMA integrity_check(1)", {});
  if (!rows) return rows.error();
  std::string found = rows->empty() ? "it says nothing" : rows->front()[0];
  if (found == "ok") return Done{};
  return OpError{fmt::format("{} is damaged ({})", file().path(), found)};
}

}  // namespace rollout::journal
