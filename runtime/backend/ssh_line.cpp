#include "runtime/backend/ssh_line.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/eval/plain_name.h"
#include "compiler/eval/value.h"

namespace rollout::backend {
namespace {

bool is_line(std::string_view word) {
  return word.size() <= max_argument_bytes &&
         std::none_of(word.begin(), word.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

}  // namespace

std::string quoted(std::string_view word) {
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') out += "'\\''";
    else out += c;
  }
  return out + "'";
}

Result<effects::CommandLine> ssh_line(const SshHost& host, const std::vector<std::string>& words) {
  if (!eval::is_plain_name(host.user))
    return settled_error(fmt::format("`{}` is no name of a user for ssh", host.user));
  if (!eval::is_plain_name(host.host))
    return settled_error(fmt::format("`{}` is no name of a host for ssh", host.host));
  std::string remote = quoted(host.agent);
  for (const std::string& word : words) {
    if (!is_line(word))
      return settled_error(fmt::format("an argument for {} is no line of at most {} bytes", host.host,
                                       max_argument_bytes));
    remote += " " + quoted(word);
  }
  const int64_t seconds = std::max<int64_t>(1, host.timeout_ns / eval::ns_per_s);
  effects::CommandLine line;
  line.program = "ssh";
  // No file of the user's or the machine's has a say; nothing asks, forwards or keeps a connection open.
  line.arguments = {"-F", "none", "-T"};
  for (const std::string& option : {
           std::string("BatchMode=yes"), std::string("StrictHostKeyChecking=yes"),
           "UserKnownHostsFile=" + host.known_hosts, std::string("GlobalKnownHostsFile=/dev/null"),
           std::string("IdentitiesOnly=yes"), std::string("IdentityAgent=none"),
           std::string("PreferredAuthentications=publickey"), std::string("UpdateHostKeys=no"),
           std::string("ClearAllForwardings=yes"), std::string("ForwardAgent=no"), std::string("ControlPath=none"),
           std::string("ConnectionAttempts=1"), fmt::format("ConnectTimeout={}", seconds),
           std::string("ServerAliveInterval=2"), std::string("ServerAliveCountMax=2"), std::string("LogLevel=ERROR")}) {
    line.arguments.push_back("-o");
    line.arguments.push_back(option);
  }
  for (const std::string& word : {std::string("-i"), host.identity, std::string("-p"), std::to_string(host.port),
                                  std::string("-l"), host.user, std::string("--"), host.host, remote})
    line.arguments.push_back(word);
  line.within_ns = host.timeout_ns;
  line.max_output_bytes = max_answer_bytes;
  return line;
}

}  // namespace rollout::backend
