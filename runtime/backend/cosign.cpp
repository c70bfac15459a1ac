#include "runtime/backend/cosign.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "compiler/base/diagnostics.h"
#include "compiler/base/json.h"
#include "runtime/effects/signature.h"

namespace rollout::backend {
namespace {

using json::Node;

constexpr std::string_view digest_prefix = "sha256:";
constexpr size_t digest_digits = 64;
constexpr std::string_view cosign_type = "cosign container image signature";
constexpr size_t max_shown = 3;

constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Strict: whole groups of four, nothing else in between, and the bits that are left over are zero.
std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  while (text.ends_with('=') && text.size() % 4 != 2) text.remove_suffix(1);
  std::string bytes;
  uint32_t bits = 0;
  int have = 0;
  for (const char c : text) {
    const size_t digit = base64_digits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = (bits << 6 | uint32_t(digit)) & 0xffff;
    have += 6;
    if (have < 8) continue;
    have -= 8;
    bytes += char(uint8_t(bits >> have));
  }
  const uint32_t left_over = bits & ((1u << have) - 1);
  if (left_over != 0) return std::nullopt;
  return bytes;
}

/// `was not made by the key release`, `was made by none of the keys release and backup`.
std::string strange_text(const std::vector<TrustedKey>& keys) {
  if (keys.size() == 1) return fmt::format("was not made by the key {}", keys[0].name);
  std::vector<std::string_view> names;
  for (const TrustedKey& key : keys) names.push_back(key.name);
  return fmt::format("was made by none of the keys {}", list_of(names));
}

/// Which key has signed; null: none of them.
Result<const TrustedKey*> signer_of(const CosignSignature& one, std::string_view signature,
                                    const std::vector<TrustedKey>& keys) {
  for (const TrustedKey& key : keys) {
    const Result<bool> verified = effects::has_signed(key.der, one.payload, signature);
    if (!verified) return verified.error();
    if (*verified) return &key;
  }
  return nullptr;
}

}  // namespace

bool is_sha256(std::string_view digest) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return digest.starts_with(digest_prefix) && digest.size() == digest_prefix.size() + digest_digits &&
         std::all_of(digest.begin() + digest_prefix.size(), digest.end(), is_digit);
}

Result<std::vector<TrustedKey>> trusted_keys(const Config& config, std::string_view target) {
  const eval::Value* given = find(config, "keys");
  std::vector<TrustedKey> keys;
  for (size_t i = 0; given && i + 1 < given->items.size(); i += 2) {
    const std::string& name = given->items[i].text;
    std::optional<std::string> der = from_base64(given->items[i + 1].text);
    if (!der)
      return settled_error(fmt::format("the key {} of target {} is no base64; write what stands between the lines of "
                                       "its PEM file, in one line",
                                       name, target));
    if (Status fits = effects::check_public_key(*der); !fits)
      return settled_error(fmt::format("the key {} of target {} is of no use: {}", name, target, fits.error().message));
    keys.push_back({name, std::move(*der)});
  }
  if (keys.empty())
    return settled_error(fmt::format("target {} names no keys, so no signature could count; give it `keys = "
                                     "[\"NAME\": \"…\"]`, with what stands between the lines of `cosign.pub`",
                                     target));
  if (keys.size() > max_keys)
    return settled_error(fmt::format("target {} names {} keys; at most {} are tried", target, keys.size(), max_keys));
  return keys;
}

Result<std::string> signed_digest(std::string_view payload) {
  if (payload.size() > max_payload_bytes) return OpError{fmt::format("is longer than {} bytes", max_payload_bytes)};
  const Result<Node> root = json::parse(payload);
  if (!root || !root->is(Node::Kind::Object)) return OpError{"is no JSON object"};
  if (json::has_twice(*root)) return OpError{"has a field twice"};
  const Node& critical = (*root)["critical"];
  if (critical["type"].as_string() != cosign_type) return OpError{"is not about an image"};
  std::string digest(critical["image"]["docker-manifest-digest"].as_string());
  if (!is_sha256(digest)) return OpError{"names no digest of an image"};
  return digest;
}

Result<Signers> signers_of(std::string_view digest, const std::vector<CosignSignature>& signatures,
                           const std::vector<TrustedKey>& keys) {
  Signers signers;
  for (size_t i = 0; i < signatures.size(); ++i) {
    const CosignSignature& one = signatures[i];
    const auto doubt = [&](std::string text) { signers.doubts.push_back(fmt::format("signature {} {}", i + 1, text)); };
    const std::optional<std::string> signature = from_base64(one.signature);
    if (!one.trouble.empty()) {
      doubt("cannot be read: " + one.trouble);
      continue;
    }
    if (!signature) {
      doubt("is malformed: its annotation is no base64");
      continue;
    }
    const Result<const TrustedKey*> by = signer_of(one, *signature, keys);
    if (!by) return by.error();
    if (!*by) {
      doubt(strange_text(keys));
      continue;
    }
    const Result<std::string> about = signed_digest(one.payload);
    if (!about) doubt(fmt::format("by {} is malformed: its payload {}", (*by)->name, about.error().message));
    else if (*about != digest) doubt(fmt::format("by {} is for another image, {}", (*by)->name, *about));
    else if (std::find(signers.keys.begin(), signers.keys.end(), (*by)->name) == signers.keys.end())
      signers.keys.push_back((*by)->name);
  }
  return signers;
}

std::string doubts_text(const Signers& signers) {
  std::string text;
  for (size_t i = 0; i < signers.doubts.size() && i < max_shown; ++i)
    text += (i == 0 ? "" : "; ") + signers.doubts[i];
  if (signers.doubts.size() > max_shown) text += fmt::format("; and {} more", signers.doubts.size() - max_shown);
  return text;
}

}  // namespace rollout::backend
