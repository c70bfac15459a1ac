// The layout of the state file and how a file is recognised; for SqliteStore only.
#pragma once

#include "runtime/journal/sqlite_db.h"

namespace rollout::journal {

inline constexpr int64_t application_id = 0x524f4c4c;  ///< "ROLL" in the file's header
inline constexpr int64_t schema_version = 5;  ///< of the tables of a server
inline constexpr int64_t file_version = 5;    ///< of those of a file, which also says whether it was closed
inline constexpr int64_t first_format_with_log = 4;

/// Which format the file has; 0: it is empty. Refuses a foreign or newer one, and one that holds a trigger or a view.
Result<int64_t> format_of(SqliteDb& db);

/// Makes the tables in an empty file, and brings those of an older format up to date, of which a copy stays beside the
/// file; refuses as format_of; reports a damaged one, for which all of the file is read only when an older version was
/// stopped in the middle of writing.
Status prepare_schema(SqliteDb& db);

/// The same to a database that only this process sees.
Status make_current(SqliteDb& db, int64_t format);

}  // namespace rollout::journal
