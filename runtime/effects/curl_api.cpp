#include "runtime/effects/curl_api.h"

#include <dlfcn.h>

#include <fmt/format.h>

#include "runtime/effects/find_function.h"

namespace rollout::effects {
namespace {

constexpr const char* library_name = "libcurl.so.4";

}  // namespace

Result<CurlApi> load_curl() {
  void* library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    return OpError{fmt::format("cannot load {} for HTTP: {}; install the package libcurl4",
                               library_name, dlerror())};
  }
  CurlApi api;
  decltype(&::curl_global_init) global_init = nullptr;
  const bool complete = find(library, "curl_global_init", global_init) &&
                        find(library, "curl_easy_init", api.easy_init) &&
                        find(library, "curl_easy_setopt", api.easy_setopt) &&
                        find(library, "curl_easy_getinfo", api.easy_getinfo) &&
                        find(library, "curl_easy_reset", api.easy_reset) &&
                        find(library, "curl_easy_cleanup", api.easy_cleanup) &&
                        find(library, "curl_easy_strerror", api.easy_strerror) &&
                        find(library, "curl_slist_append", api.slist_append) &&
                        find(library, "curl_slist_free_all", api.slist_free_all) &&
                        find(library, "curl_multi_init", api.multi_init) &&
                        find(library, "curl_multi_add_handle", api.multi_add_handle) &&
                        find(library, "curl_multi_remove_handle", api.multi_remove_handle) &&
                        find(library, "curl_multi_perform", api.multi_perform) &&
                        find(library, "curl_multi_poll", api.multi_poll) &&
                        find(library, "curl_multi_info_read", api.multi_info_read) &&
                        find(library, "curl_multi_cleanup", api.multi_cleanup) &&
                        find(library, "curl_url", api.url) && find(library, "curl_url_set", api.url_set) &&
                        find(library, "curl_url_cleanup", api.url_cleanup);
  if (!complete)
    return OpError{
        fmt::format("{} is too old: {}; install libcurl 7.85 or later", library_name, dlerror())};
  if (global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    return OpError{fmt::format("{} does not start", library_name)};
  return api;
}

}  // namespace rollout::effects
