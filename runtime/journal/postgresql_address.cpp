// The address of a state on PostgreSQL, read.
#include <charconv>

#include <fmt/format.h>

#include "runtime/journal/postgresql_store.h"

namespace rollout::journal {

namespace {

/// The part in front of `mark`, which is cut off with it; nothing without one.
std::optional<std::string_view> cut(std::string_view& text, char mark) {
  size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view front = text.substr(0, at);
  text.remove_prefix(at + 1);
  return front;
}

bool read_number(std::string_view text, int64_t least, int64_t most, int64_t& out) {
  auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && stopped == text.data() + text.size() && least <= out && out <= most;
}

/// Why one of the parts behind the `?` cannot be used; empty: it was taken.
std::string take_setting(PostgresqlAddress& address, std::string_view name, std::string_view value) {
  if (name == "host" && value.starts_with('/')) {
    address.host = value;
    return {};
  }
  if (name == "sslmode" && (value == "require" || value == "verify-ca" || value == "verify-full")) {
    address.sslmode = value;
    return {};
  }
  if (name == "claim" && read_number(value, least_claim_s, most_claim_s, address.claim_s)) return {};
  std::string* file = name == "sslrootcert" ? &address.sslrootcert : name == "sslcert" ? &address.sslcert
                      : name == "sslkey"    ? &address.sslkey
                                            : nullptr;
  if (file && value.starts_with('/')) {
    *file = value;
    return {};
  }
  return fmt::format("`{}={}` is none of `sslmode=require`, `verify-ca`, `verify-full`, `sslrootcert=`, `sslcert=` and "
                     "`sslkey=` with a /FILE, `host=/FOLDER`, and `claim=` with {} to {} seconds",
                     name, value, least_claim_s, most_claim_s);
}

/// The text with the value of each `password=` left out; it may be an address of another form than ours.
std::string without_passwords(std::string_view text) {
  constexpr std::string_view word = "pass";
  std::string out;
  while (true) {
    size_t sign = text.find('=', std::min(text.find(word), text.size()));
    if (sign == std::string_view::npos) return out.append(text);
    size_t value = std::min(text.find_first_not_of(' ', sign + 1), text.size());
    bool quoted = value < text.size() && text[value] == '\'';
    size_t end = quoted ? text.find('\'', value + 1) : text.find_first_of("& ", value);
    out.append(text.substr(0, value)).append(value < text.size() ? "***" : "");
    if (end == std::string_view::npos) return out;
    text.remove_prefix(quoted ? end + 1 : end);
  }
}

}  // namespace

Result<PostgresqlAddress> postgresql_server(std::string_view url) {
  auto bad = [&](std::string_view why) {
    return settled_error(fmt::format("`{}` names no state: {}; write postgresql://USER@HOST:PORT/DATABASE",
                                     without_passwords(url), why));
  };
  std::string_view rest = url;
  bool known = false;
  for (std::string_view scheme : {"postgresql://", "postgres://"})
    if (!known && rest.substr(0, scheme.size()) == scheme) rest.remove_prefix(scheme.size()), known = true;
  // What is not understood may hold a secret, and is not repeated then.
  if (!known && rest.find('@') != std::string_view::npos)
    return settled_error("the address of the state does not begin with postgresql://");
  if (!known) return bad("it does not begin with postgresql://");
  PostgresqlAddress address;
  if (size_t at = rest.rfind('@'); at != std::string_view::npos) {
    std::string_view user = rest.substr(0, at);
    if (user.find(':') != std::string_view::npos)
      return settled_error("a state's address holds no password, others would see it; put it into ~/.pgpass, a file "
                           "that PGPASSFILE names, a service of PGSERVICE, or PGPASSWORD");
    address.user = user;
    rest.remove_prefix(at + 1);
  }
  std::optional<std::string_view> place = cut(rest, '/');
  std::string_view settings = rest;
  std::optional<std::string_view> database = cut(settings, '?');
  address.database = database.value_or(rest);
  while (database && !settings.empty()) {
    std::optional<std::string_view> front = cut(settings, '&');
    std::string_view one = front ? *front : std::exchange(settings, {});
    std::string_view name = cut(one, '=').value_or("");
    if (name.find("pass") != std::string_view::npos)
      return settled_error("a state's address holds no password, others would see it; put it into ~/.pgpass");
    if (std::string why = take_setting(address, name, one); !why.empty()) return bad(why);
  }
  if (!place || (place->empty() && address.host.empty())) return bad("it has no host and database");
  if (address.database.empty() || address.database.find('/') != std::string::npos)
    return bad("its database is no plain name");
  int64_t port = address.port;
  if (std::optional<std::string_view> host = cut(*place, ':')) {
    if (!read_number(*place, 1, 65535, port)) return bad("its port is no number from 1 to 65535");
    address.port = int(port);
    place = host;
  }
  if (address.host.empty()) address.host = *place;
  return address;
}

}  // namespace rollout::journal
