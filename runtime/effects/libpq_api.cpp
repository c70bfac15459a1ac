#include "runtime/effects/libpq_api.h"

#include <dlfcn.h>

#include <fmt/format.h>

#include "runtime/effects/find_function.h"

namespace rollout::effects {
namespace {

constexpr const char* library_name = "libpq.so.5";

}  // namespace

Result<LibpqApi> load_libpq() {
  void* library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    return settled_error(fmt::format("cannot load {} for PostgreSQL: {}; install the package libpq5", library_name,
                                     dlerror()));
  }
  LibpqApi api;
  const bool complete =
      find(library, "PQconnectStartParams", api.connect_start) && find(library, "PQconnectPoll", api.connect_poll) &&
      find(library, "PQstatus", api.status) && find(library, "PQsocket", api.socket) &&
      find(library, "PQerrorMessage", api.error_message) && find(library, "PQfinish", api.finish) &&
      find(library, "PQsetNoticeProcessor", api.set_notice_processor) &&
      find(library, "PQsendQueryParams", api.send_query_params) && find(library, "PQsendQuery", api.send_query) &&
      find(library, "PQsetSingleRowMode", api.set_single_row_mode) &&
      find(library, "PQconsumeInput", api.consume_input) && find(library, "PQisBusy", api.is_busy) &&
      find(library, "PQgetResult", api.get_result) && find(library, "PQresultStatus", api.result_status) &&
      find(library, "PQresultErrorField", api.result_error_field) &&
      find(library, "PQresultErrorMessage", api.result_error_message) && find(library, "PQnfields", api.nfields) &&
      find(library, "PQgetisnull", api.getisnull) && find(library, "PQgetlength", api.getlength) &&
      find(library, "PQgetvalue", api.getvalue) && find(library, "PQclear", api.clear) &&
      find(library, "PQgetCancel", api.get_cancel) && find(library, "PQcancel", api.cancel) &&
      find(library, "PQfreeCancel", api.free_cancel) && find(library, "PQnotifies", api.notifies) &&
      find(library, "PQfreemem", api.free_memory) && find(library, "PQsslInUse", api.ssl_in_use) &&
      find(library, "PQsslStruct", api.ssl_struct);
  if (!complete) return settled_error(fmt::format("{} is too old: {}", library_name, dlerror()));
  return api;
}

}  // namespace rollout::effects
