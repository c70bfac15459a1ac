#include "runtime/effects/signature.h"

#include <memory>

#include <fmt/format.h>

#include "runtime/effects/libcrypto_api.h"

namespace rollout::effects {
namespace {

constexpr std::string_view p256 = "prime256v1";
constexpr size_t max_group_name = 64;
constexpr int verified = 1;

const Result<LibcryptoApi>& libcrypto() {
  static const Result<LibcryptoApi> api = load_libcrypto();
  return api;
}

using Key = std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

/// The key, if it is of a kind that is verified here.
Result<Key> read_key(const LibcryptoApi& api, std::string_view der) {
  if (der.size() > max_key_bytes) return settled_error(fmt::format("it is longer than {} bytes", max_key_bytes));
  const unsigned char* at = bytes_of(der);
  Key key(api.read_key(nullptr, &at, long(der.size())), api.free_key);
  api.clear_errors();
  if (!key || at != bytes_of(der) + der.size()) return settled_error("it is no public key in the form of a PEM file");
  const int kind = api.key_kind(key.get());
  if (kind == EVP_PKEY_ED25519) return key;
  char group[max_group_name] = {};
  size_t length = 0;
  const bool named = kind == EVP_PKEY_EC && api.group_name(key.get(), group, sizeof group, &length) == 1;
  api.clear_errors();
  if (named && std::string_view(group, length) == p256) return key;
  return settled_error("it is neither a key of ECDSA over P-256 nor of Ed25519");
}

}  // namespace

Status check_public_key(std::string_view der) {
  if (!libcrypto()) return libcrypto().error();
  const Result<Key> key = read_key(*libcrypto(), der);
  if (!key) return key.error();
  return Done{};
}

Result<bool> has_signed(std::string_view der, std::string_view bytes, std::string_view signature) {
  if (!libcrypto()) return libcrypto().error();
  const LibcryptoApi& api = *libcrypto();
  const Result<Key> key = read_key(api, der);
  if (!key) return key.error();
  if (signature.size() > max_signature_bytes) return false;
  const Context context(api.new_context(), api.free_context);
  ROLLOUT_CHECK(context, "libcrypto gives contexts as long as there is memory");
  // Ed25519 hashes by itself.
  const EVP_MD* hash = api.key_kind(key->get()) == EVP_PKEY_ED25519 ? nullptr : api.sha256();
  const bool begun = api.verify_init(context.get(), nullptr, hash, nullptr, key->get()) == 1;
  const int answer = begun ? api.verify(context.get(), bytes_of(signature), signature.size(), bytes_of(bytes),
                                        bytes.size())
                           : 0;
  api.clear_errors();
  return answer == verified;
}

}  // namespace rollout::effects
