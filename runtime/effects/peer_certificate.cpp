#include "runtime/effects/peer_certificate.h"

#include <dlfcn.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <memory>

#include <fmt/format.h>

#include "runtime/effects/find_function.h"

namespace rollout::effects {
namespace {

struct Api {
  decltype(&::SSL_get1_peer_certificate) peer = nullptr;
  decltype(&::SSL_get_peer_cert_chain) chain = nullptr;
  decltype(&::X509_free) free_certificate = nullptr;
  decltype(&::X509_STORE_new) new_store = nullptr;
  decltype(&::X509_STORE_free) free_store = nullptr;
  decltype(&::X509_STORE_load_file) load = nullptr;
  decltype(&::X509_STORE_CTX_new) new_judge = nullptr;
  decltype(&::X509_STORE_CTX_free) free_judge = nullptr;
  decltype(&::X509_STORE_CTX_init) begin = nullptr;
  decltype(&::X509_verify_cert) verify = nullptr;
  decltype(&::X509_STORE_CTX_get_error) error = nullptr;
  decltype(&::X509_verify_cert_error_string) text = nullptr;
};

/// The one that libpq itself has loaded: another would not know its objects.
bool load(Api& api) {
  void* library = dlopen("libssl.so.3", RTLD_NOW | RTLD_NOLOAD);
  return library && find(library, "SSL_get1_peer_certificate", api.peer) &&
         find(library, "SSL_get_peer_cert_chain", api.chain) && find(library, "X509_free", api.free_certificate) &&
         find(library, "X509_STORE_new", api.new_store) && find(library, "X509_STORE_free", api.free_store) &&
         find(library, "X509_STORE_load_file", api.load) && find(library, "X509_STORE_CTX_new", api.new_judge) &&
         find(library, "X509_STORE_CTX_free", api.free_judge) && find(library, "X509_STORE_CTX_init", api.begin) &&
         find(library, "X509_verify_cert", api.verify) && find(library, "X509_STORE_CTX_get_error", api.error) &&
         find(library, "X509_verify_cert_error_string", api.text);
}

using Certificate = std::unique_ptr<X509, decltype(&::X509_free)>;

Certificate shown_by(const Api& api, void* ssl) {
  return {ssl ? api.peer(static_cast<SSL*>(ssl)) : nullptr, api.free_certificate};
}

}  // namespace

bool has_shown_certificate(void* ssl) {
  Api api;
  return load(api) && shown_by(api, ssl);
}

std::string why_not_believed(void* ssl, const std::string& authorities) {
  Api api;
  if (!load(api)) return {};
  const Certificate shown = shown_by(api, ssl);
  const std::unique_ptr<X509_STORE, decltype(api.free_store)> store(api.new_store(), api.free_store);
  const std::unique_ptr<X509_STORE_CTX, decltype(api.free_judge)> judge(api.new_judge(), api.free_judge);
  if (!shown || !store || !judge) return {};
  if (api.load(store.get(), authorities.c_str()) != 1)
    return fmt::format("{} holds no authority's certificate; name another file by sslrootcert", authorities);
  if (api.begin(judge.get(), store.get(), shown.get(), api.chain(static_cast<SSL*>(ssl))) != 1) return {};
  if (api.verify(judge.get()) == 1) return {};
  const int error = api.error(judge.get());
  const std::string why = api.text(error);
  if (error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID)
    return fmt::format("its certificate does not hold now ({}); give the server a new one, or see whether this "
                       "machine's clock is right", why);
  return fmt::format("no authority in {} has signed its certificate ({}); name the right file by sslrootcert",
                     authorities, why);
}

}  // namespace rollout::effects
