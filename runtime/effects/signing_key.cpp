#include "runtime/effects/signing_key.h"

#include <cerrno>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "compiler/base/sha256.h"
#include "runtime/effects/libcrypto_api.h"

namespace rollout::effects {
namespace {

constexpr size_t seed_bytes = 32, signature_bytes = 64;
constexpr size_t max_file_bytes = 4096;
constexpr std::string_view private_label = "PRIVATE KEY", public_label = "PUBLIC KEY";
// RFC 8410: what stands in front of the 32 bytes of an Ed25519 key, in PKCS #8 and as SubjectPublicKeyInfo.
constexpr std::string_view private_prefix("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16);
constexpr std::string_view public_prefix("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12);

const Result<LibcryptoApi>& libcrypto() {
  static const Result<LibcryptoApi> api = load_libcrypto();
  return api;
}

using Key = std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void wipe(std::string& secret) { explicit_bzero(secret.data(), secret.size()); }

struct Descriptor {
  explicit Descriptor(int of) : fd(of) {}
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd;
};

OpError failed(std::string_view what, const std::string& path) {
  return settled_error(fmt::format("cannot {} the key {}: {}", what, path, std::strerror(errno)));
}

/// The bytes between the lines of a PEM file that hold one thing with this label.
Result<std::string> from_pem(const LibcryptoApi& api, const std::string& text, std::string_view label,
                             const std::string& path) {
  const std::string begin = fmt::format("-----BEGIN {}-----\n", label), end = fmt::format("-----END {}-----", label);
  const size_t from = text.find(begin), to = text.find(end);
  const OpError other = settled_error(fmt::format(
      "{} is no {} of Ed25519 in a PEM file; `rollout audit --new-key FILE` makes one", path,
      label == private_label ? "private key" : "public key"));
  if (from == std::string::npos || to == std::string::npos || to < from + begin.size()) return other;
  std::string body;
  for (char c : text.substr(from + begin.size(), to - from - begin.size()))
    if (c != '\n' && c != '\r') body += c;
  std::string bytes(body.size(), '\0');
  int size = api.decode_base64(bytes_of(bytes), bytes_of(std::string_view(body)), int(body.size()));
  for (size_t at = body.size(); size > 0 && at > 0 && body[at - 1] == '='; --at) --size;
  const std::string_view prefix = label == private_label ? private_prefix : public_prefix;
  const bool fits = size == int(prefix.size() + seed_bytes) && bytes.starts_with(prefix);
  wipe(body);
  bytes.resize(fits ? size_t(size) : 0);
  if (!fits) return other;
  return bytes;
}

std::string to_pem(const LibcryptoApi& api, std::string_view label, std::string_view bytes) {
  std::string body(bytes.size() * 2 + 1, '\0');
  body.resize(size_t(api.encode_base64(bytes_of(body), bytes_of(bytes), int(bytes.size()))));
  return fmt::format("-----BEGIN {0}-----\n{1}\n-----END {0}-----\n", label, body);
}

Key key_of(const LibcryptoApi& api, const std::string& seed) {
  return Key(api.new_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(std::string_view(seed)), seed.size()),
             api.free_key);
}

Result<std::string> public_part(const LibcryptoApi& api, const std::string& seed) {
  const Key key = key_of(api, seed);
  std::string bytes(seed_bytes, '\0');
  size_t size = bytes.size();
  if (!key || api.raw_public_key(key.get(), bytes_of(bytes), &size) != 1 || size != seed_bytes)
    return settled_error("libcrypto knows no Ed25519; install the package libssl3");
  return std::string(public_prefix) + bytes;
}

Result<std::string> read_file(const std::string& path, bool secret) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (file.fd < 0 || fstat(file.fd, &status) != 0) return failed("read", path);
  if (!S_ISREG(status.st_mode)) return settled_error(fmt::format("the key {} is no file", path));
  if (secret && ((status.st_mode & 077) != 0 || status.st_uid != geteuid()))
    return settled_error(fmt::format("the key {} is not used, because others than you may read or own it; `chmod 600 "
                                     "{}`, or make another one if anybody may have seen it", path, path));
  std::string text(max_file_bytes, '\0');
  const ssize_t size = read(file.fd, text.data(), text.size());
  if (size < 0) return failed("read", path);
  text.resize(size_t(size));
  return text;
}

Status write_file(const std::string& path, const std::string& text, mode_t mode) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (file.fd < 0) return failed("make", path);
  const bool whole = write(file.fd, text.data(), text.size()) == ssize_t(text.size()) && fsync(file.fd) == 0;
  if (whole) return Done{};
  const OpError error = failed("write", path);
  unlink(path.c_str());
  return error;
}

}  // namespace

Result<SigningKey> SigningKey::read(const std::string& path) {
  if (!libcrypto()) return libcrypto().error();
  Result<std::string> text = read_file(path, true);
  if (!text) return text.error();
  Result<std::string> der = from_pem(*libcrypto(), *text, private_label, path);
  wipe(*text);
  if (!der) return der.error();
  SigningKey key;
  key.seed_ = der->substr(private_prefix.size());
  wipe(*der);
  Result<std::string> open_part = public_part(*libcrypto(), key.seed_);
  if (!open_part) return open_part.error();
  key.public_der_ = std::move(*open_part);
  return key;
}

SigningKey::~SigningKey() { wipe(seed_); }

Result<std::string> SigningKey::sign(std::string_view bytes) const {
  const LibcryptoApi& api = *libcrypto();
  const Key key = key_of(api, seed_);
  const Context context(api.new_context(), api.free_context);
  std::string signature(signature_bytes, '\0');
  size_t size = signature.size();
  const bool made = key && context && api.sign_init(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
                    api.sign(context.get(), bytes_of(signature), &size, bytes_of(bytes), bytes.size()) == 1;
  api.clear_errors();
  if (!made || size != signature_bytes) return OpError{"libcrypto did not sign"};
  return signature;
}

Status make_signing_key(const std::string& path) {
  if (!libcrypto()) return libcrypto().error();
  std::string seed(seed_bytes, '\0');
  if (getrandom(seed.data(), seed.size(), 0) != ssize_t(seed.size())) return failed("draw", path);
  Result<std::string> open_part = public_part(*libcrypto(), seed);
  if (!open_part) return open_part.error();
  std::string text = to_pem(*libcrypto(), private_label, std::string(private_prefix) + seed);
  const Status written = write_file(path, text, 0600);
  wipe(text);
  wipe(seed);
  if (!written) return written;
  return write_file(path + ".pub", to_pem(*libcrypto(), public_label, *open_part), 0644);
}

Result<std::string> read_public_key(const std::string& path) {
  if (!libcrypto()) return libcrypto().error();
  Result<std::string> text = read_file(path, false);
  if (!text) return text.error();
  return from_pem(*libcrypto(), *text, public_label, path);
}

std::string name_of_key(std::string_view public_der) {
  constexpr size_t digits = 16;
  Sha256 hash;
  hash.update(public_der);
  return hash.hex().substr(0, digits);
}

}  // namespace rollout::effects
