// The functions of libcrypto that we use, found at run time like those of libcurl. For signature.cpp and
// signing_key.cpp only.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "compiler/base/result.h"

namespace rollout::effects {

struct LibcryptoApi {
  decltype(&::d2i_PUBKEY) read_key = nullptr;
  decltype(&::EVP_PKEY_get_base_id) key_kind = nullptr;
  decltype(&::EVP_PKEY_get_group_name) group_name = nullptr;
  decltype(&::EVP_PKEY_free) free_key = nullptr;
  decltype(&::EVP_MD_CTX_new) new_context = nullptr;
  decltype(&::EVP_MD_CTX_free) free_context = nullptr;
  decltype(&::EVP_sha256) sha256 = nullptr;
  decltype(&::EVP_DigestVerifyInit) verify_init = nullptr;
  decltype(&::EVP_DigestVerify) verify = nullptr;
  decltype(&::EVP_PKEY_new_raw_private_key) new_private_key = nullptr;
  decltype(&::EVP_PKEY_get_raw_public_key) raw_public_key = nullptr;
  decltype(&::EVP_DigestSignInit) sign_init = nullptr;
  decltype(&::EVP_DigestSign) sign = nullptr;
  decltype(&::EVP_EncodeBlock) encode_base64 = nullptr;
  decltype(&::EVP_DecodeBlock) decode_base64 = nullptr;
  decltype(&::ERR_clear_error) clear_errors = nullptr;
};

/// Loads libcrypto.so.3. Call once.
Result<LibcryptoApi> load_libcrypto();

}  // namespace rollout::effects
