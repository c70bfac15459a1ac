#include "runtime/journal/sqlite_look.h"

#include <filesystem>

#include <fmt/format.h>

#include "runtime/journal/sqlite_schema.h"

namespace rollout::journal {

namespace {

namespace fs = std::filesystem;

/// Other when somebody has written to the file meanwhile, or to a log beside it.
std::string stamp_of(const std::string& path) {
  std::error_code ignored;
  auto of = [&](const std::string& file) {
    auto size = fs::file_size(file, ignored);
    return fmt::format("{} {} ", size, fs::last_write_time(file, ignored).time_since_epoch().count());
  };
  return of(path) + of(path + "-wal");
}

}  // namespace

Result<std::unique_ptr<SqliteLook>> SqliteLook::open(std::unique_ptr<SqliteDb> file) {
  std::unique_ptr<SqliteLook> look(new SqliteLook(std::move(file)));
  if (look->file_->is_still()) look->stamp_ = stamp_of(look->file_->path());
  if (Status seen = look->look_anew(); !seen) return seen.error();
  if (Status in = look->file_->let_others_in(); !in) return in.error();
  return look;
}

Status SqliteLook::look_anew() {
  if (within_) return Done{};
  if (file_->is_still() && !version_.empty()) {
    std::string stamp = stamp_of(file_->path());
    Result<std::unique_ptr<SqliteDb>> now = SqliteDb::open_to_read(file_->path());
    if (!now) return now.error();
    file_ = std::move(*now), stamp_ = std::move(stamp);
    copy_.reset(), version_.clear();
  }
  Result<std::vector<Row>> version = file_->run("PRAGMA data_version", {});
  if (!version) return version.error();
  if (!version_.empty() && first_row(*version)[0] == version_) return Done{};
  Result<int64_t> format = format_of(*file_);
  if (!format) return format.error();
  // One that was opened whole is not opened anew while it is a user of the file.
  if (*format >= first_format_with_log && version_.empty())
    if (Status whole = file_->check_log(); !whole) return whole;
  copy_.reset();
  if (*format < file_version) {
    Result<std::unique_ptr<SqliteDb>> copy = SqliteDb::in_memory(file_->path());
    if (!copy) return copy.error();
    if (*format != 0)
      if (Status copied = file_->copy_into(**copy); !copied) return copied;
    if (Status current = make_current(**copy, *format); !current) return current;
    copy_ = std::move(*copy);
  }
  version_ = first_row(*version)[0];
  return Done{};
}

/// What was read while somebody began to write may be of two times.
Status SqliteLook::check_still() const {
  if (!file_->is_still() || stamp_of(file_->path()) == stamp_) return Done{};
  return OpError{fmt::format("{} was written while it was read; look again", file_->path()), true};
}

Result<std::vector<JournalDb::Row>> SqliteLook::run(const char* sql, const std::vector<Parameter>& parameters) {
  if (Status looked = look_anew(); !looked) return looked.error();
  Result<std::vector<Row>> rows = seen().run(sql, parameters);
  if (within_) return rows;
  if (Status still = check_still(); !still) return still.error();
  return rows;
}

Status SqliteLook::begin(Access access) {
  if (access == Access::Write)
    return OpError{fmt::format("{} cannot be written here; check its owner and permissions", file_->path())};
  if (Status looked = look_anew(); !looked) return looked;
  Status begun = seen().begin(access);
  within_ = bool(begun);
  return begun;
}

Status SqliteLook::commit() {
  within_ = false;
  Status done = seen().commit();
  return done ? check_still() : done;
}

void SqliteLook::roll_back() {
  within_ = false;
  seen().roll_back();
}

}  // namespace rollout::journal
