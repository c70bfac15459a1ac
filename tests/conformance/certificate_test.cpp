#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/conformance/rig.h"

namespace rollout::test {

TEST_CASE("http: a server whose certificate nobody has signed is not told anything", "[effects]") {
  const TempDir directory;
  effects::RealEffects real(nullptr);
  effects::Effects all = real.all();
  const std::string key = directory.path + "/key.pem", certificate = directory.path + "/certificate.pem";
  const auto made = all.commands.run({"openssl",
                                      {"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
                                       "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
                                       "-out", certificate},
                                      20 * second_ns,
                                      65536});
  REQUIRE(made);
  REQUIRE(made->code == 0);
  const int port = free_ports();
  Server server(all,
                {"openssl", "s_server", "-accept", fmt::format("127.0.0.1:{}", port), "-key", key, "-cert", certificate,
                 "-www", "-quiet"},
                directory);
  effects::HttpRequest request;
  request.url = fmt::format("https://127.0.0.1:{}/", port);
  request.headers = {{"Authorization", "Bearer a-secret"}};
  std::string why;
  const bool answered = eventually(all, 10 * second_ns, [&] {
    const Result<effects::HttpResponse> answer = all.http.send(request);
    why = answer ? "it was believed" : answer.error().message;
    return answer || why.find("certificate") != std::string::npos;
  });
  INFO(why);
  CHECK(answered);
  CHECK(why.find("self-signed certificate") != std::string::npos);
}

}  // namespace rollout::test
