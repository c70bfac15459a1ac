// TLS to a real PostgreSQL: beyond this machine itself its name is verified, and what is wrong with a certificate is
// said.
#include <catch2/catch.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include "runtime/journal/postgresql_store.h"
#include "tests/conformance/postgres_server.h"
#include "tests/sim/store_cases.h"

namespace rollout::test {

namespace {

/// Authorities and certificates, made by openssl.
struct Certificates {
  void run(std::vector<std::string> words) const {
    const auto made = effects.commands.run({"openssl", std::move(words), 30 * second_ns, 65536});
    INFO((made ? made->errors : made.error().message));
    REQUIRE(made);
    REQUIRE(made->code == 0);
  }
  std::string path(const std::string& name) const { return directory.path + "/" + name; }

  void authority(const std::string& name) const {
    run({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + name, "-keyout",
         path(name + ".key"), "-out", path(name + ".pem")});
  }
  void signed_by(const std::string& authority, const std::string& name, const std::string& names, int days) const {
    run({"req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + name, "-keyout", path(name + ".key"), "-out",
         path(name + ".csr")});
    directory.write(name + ".ext", names);
    run({"x509", "-req", "-in", path(name + ".csr"), "-CA", path(authority + ".pem"), "-CAkey",
         path(authority + ".key"), "-CAcreateserial", "-days", std::to_string(days), "-extfile", path(name + ".ext"),
         "-out", path(name + ".pem")});
  }

  effects::Effects& effects;
  const TempDir& directory;
};

/// 127.0.0.1 is this machine itself; 127.0.0.2 stands for another. The database `proven` asks for our certificate.
struct TlsServer {
  TlsServer() : real(nullptr), all(real.all()), made{all, directory} {
    made.authority("ours");
    made.authority("theirs");
    made.signed_by("ours", "good", "subjectAltName=IP:127.0.0.2", 2);
    made.signed_by("ours", "over", "subjectAltName=IP:127.0.0.2", -1);
    made.signed_by("ours", "elsewhere", "subjectAltName=DNS:db.internal", 2);
    made.signed_by("ours", "shop", "", 2);
    directory.write("hba.conf", "hostssl proven all 127.0.0.0/8 cert\nhost postgres all 127.0.0.0/8 trust\n");
    show("good");
    server.emplace(all, directory,
                   std::vector<std::string>{"ssl=on", "ssl_cert_file=" + made.path("server.pem"),
                                            "ssl_key_file=" + made.path("server.key"),
                                            "ssl_ca_file=" + made.path("ours.pem"),
                                            "hba_file=" + made.path("hba.conf")});
    server->sql("CREATE DATABASE proven");
  }

  /// From now on the server has this certificate.
  void show(const std::string& name) {
    for (const char* part : {".pem", ".key"}) {
      const std::string file = std::string("server") + part;
      directory.write(file, directory.read(name + part));
      REQUIRE(all.commands.run({"chmod", {"600", made.path(file)}, 5 * second_ns, 4096}));
      if (geteuid() == 0) REQUIRE(all.commands.run({"chown", {"postgres", made.path(file)}, 5 * second_ns, 4096}));
    }
    if (server) server->sql("SELECT pg_reload_conf()");
  }

  effects::SqlServer address(const std::string& more) const {
    auto read = journal::postgresql_server(
        fmt::format("postgresql://shop@127.0.0.2:{}/proven?{}", server->port(), more));
    REQUIRE(read);
    return *read;
  }
  std::string ours() const { return "sslrootcert=" + made.path("ours.pem"); }
  std::string proof() const {
    return fmt::format("&sslcert={}&sslkey={}", made.path("shop.pem"), made.path("shop.key"));
  }

  /// Why it cannot be connected, as soon as the server has taken up what it was given; empty: it can.
  std::string refusal(const std::string& settings, const std::string& awaited) {
    std::string why;
    eventually(all, 10 * second_ns, [&] {
      auto session = all.sql.connect(address(settings), 5 * second_ns);
      why = session ? "" : session.error().message;
      return awaited.empty() ? why.empty() : why.find(awaited) != std::string::npos;
    });
    return why;
  }

  TempDir directory;
  effects::RealEffects real;
  effects::Effects all;
  Certificates made;
  std::optional<PostgresServer> server;
};

}  // namespace

TEST_CASE("store: a server of another machine proves its name, and what is wrong with it is said", "[store]") {
  TlsServer here;
  CHECK(here.refusal(here.ours() + here.proof(), "") == "");
  auto store = journal::PostgresqlStore::open(effects::libpq_sql(), here.address(here.ours() + here.proof()));
  INFO((store ? "" : store.error().message));
  REQUIRE(store);
  CHECK((*store)->create(journal::new_run("h1")));
  CHECK(here.server->sql("SELECT bool_and(ssl)::text FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE "
                         "datname = 'proven'") == "true");

  auto says = [&](const std::string& settings, const std::string& part, const std::string& advice) {
    const std::string why = here.refusal(settings, part);
    INFO(why);
    CHECK(why.find(part) != std::string::npos);
    CHECK(why.find(advice) != std::string::npos);
    CHECK(why.starts_with("cannot connect to database proven at 127.0.0.2:"));
  };
  says(here.ours(), "certificate", "requires a valid client certificate");
  const std::string theirs = "sslrootcert=" + here.made.path("theirs.pem");
  says(theirs + here.proof(), "no authority in ", "name the right file by sslrootcert");
  says("sslmode=verify-full" + here.proof(), "no authority in /etc/ssl/certs/ca-certificates.crt", "sslrootcert");
  says("sslrootcert=/nowhere.pem", "/nowhere.pem", "does not exist");
  here.show("over");
  says(here.ours() + here.proof(), "certificate has expired", "give the server a new one");
  here.show("elsewhere");
  says(here.ours() + here.proof(), "does not match host name", "name the server as its certificate does");
  CHECK(here.refusal(here.ours() + here.proof() + "&sslmode=verify-ca", "") == "");
}

TEST_CASE("store: a key that others can read is not used", "[store]") {
  TlsServer here;
  REQUIRE(here.all.commands.run({"chmod", {"644", here.made.path("shop.key")}, 5 * second_ns, 4096}));
  const std::string why = here.refusal(here.ours() + here.proof(), "shop.key");
  CHECK(why.find("shop.key\" has group or world access") != std::string::npos);
}

}  // namespace rollout::test
