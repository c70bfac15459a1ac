#include "runtime/effects/libcrypto_api.h"

#include <dlfcn.h>

#include <fmt/format.h>

#include "runtime/effects/find_function.h"

namespace rollout::effects {
namespace {

constexpr const char* library_name = "libcrypto.so.3";

}  // namespace

Result<LibcryptoApi> load_libcrypto() {
  void* library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return settled_error(fmt::format("cannot load {} for signatures: {}; install the package libssl3",
                                     library_name, dlerror()));
  LibcryptoApi api;
  const bool complete =
      find(library, "d2i_PUBKEY", api.read_key) && find(library, "EVP_PKEY_get_base_id", api.key_kind) &&
      find(library, "EVP_PKEY_get_group_name", api.group_name) && find(library, "EVP_PKEY_free", api.free_key) &&
      find(library, "EVP_MD_CTX_new", api.new_context) && find(library, "EVP_MD_CTX_free", api.free_context) &&
      find(library, "EVP_sha256", api.sha256) && find(library, "EVP_DigestVerifyInit", api.verify_init) &&
      find(library, "EVP_DigestVerify", api.verify) &&
      find(library, "EVP_PKEY_new_raw_private_key", api.new_private_key) &&
      find(library, "EVP_PKEY_get_raw_public_key", api.raw_public_key) &&
      find(library, "EVP_DigestSignInit", api.sign_init) && find(library, "EVP_DigestSign", api.sign) &&
      find(library, "EVP_EncodeBlock", api.encode_base64) && find(library, "EVP_DecodeBlock", api.decode_base64) &&
      find(library, "ERR_clear_error", api.clear_errors);
  if (!complete) return settled_error(fmt::format("{} is too old: {}", library_name, dlerror()));
  return api;
}

}  // namespace rollout::effects
