// The agent of a host, for the tests of the ssh backend: it runs nothing, and remembers what it was asked in files
// beside itself: what the service is in `NAME.host`, all of its arguments in `calls`, one a line. A file `says` there
// is what it answers instead.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <unistd.h>

namespace {

constexpr int refused = 3;
constexpr unsigned hang_s = 4, nap_s = 3;

struct Host {
  long generation = 0;
  std::string version, effect, ready = "true", drained = "false", busy = "false", failed;
};

std::string read_line(std::ifstream& in) {
  std::string line;
  std::getline(in, line);
  return line;
}

Host load(const std::string& path) {
  Host host;
  std::ifstream in(path);
  if (!in) return host;
  host.generation = std::strtol(read_line(in).c_str(), nullptr, 10);
  for (std::string* field : {&host.version, &host.effect, &host.ready, &host.drained, &host.busy, &host.failed})
    *field = read_line(in);
  return host;
}

void save(const std::string& path, const Host& host) {
  std::ofstream out(path);
  out << host.generation << "\n";
  for (const std::string* field :
       {&host.version, &host.effect, &host.ready, &host.drained, &host.busy, &host.failed})
    out << *field << "\n";
}

int fail(const std::string& text, int code) {
  std::fprintf(stderr, "%s\n", text.c_str());
  return code;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

void change(Host& host, const std::string& verb, const std::string& image) {
  host.failed = image == "bad" && verb == "replace" ? "the unit did not start" : "";
  if (verb == "drain" || verb == "undrain") host.drained = verb == "drain" ? "true" : "false";
  else if (host.failed.empty()) host.version = image;
  // The next look still finds it at work.
  host.busy = image == "slow" ? "true" : "false";
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  std::string folder(argv[0]);
  folder.erase(folder.rfind('/') + 1);
  std::ofstream calls(folder + "calls", std::ios::app);
  for (const std::string& word : words) calls << "[" << word << "]";
  calls << "\n";
  if (words.size() < 2) return fail("usage: agent VERB SERVICE …", 2);
  if (words[1] == "mute") return 0;
  if (std::ifstream says(folder + "says"); says) {
    std::stringstream text;
    text << says.rdbuf();
    std::fputs(text.str().c_str(), stdout);
    return 0;
  }
  while (words[1] == "floods" && std::fputs("{\"version\":\"", stdout) >= 0) continue;
  if (words[1] == "hangs") {
    alarm(hang_s);  // nobody else ends it
    pause();
  }
  if (words[1].starts_with("naps")) sleep(nap_s);
  std::string path = folder + words[1] + ".host";
  Host host = load(path);
  if (words[0] != "state") {
    long generation = std::strtol(words[words.size() - 2].c_str(), nullptr, 10);
    if (generation < host.generation)
      return fail("generation " + std::to_string(host.generation) + " is here", refused);
    host.generation = generation;
    host.effect = words.back();
    change(host, words[0], words[0] == "replace" ? words[2] : "");
  }
  // Asked of a version, it says whether it could be brought again.
  const char* has = words[0] != "state" || words.size() < 3 ? "" : words[2] == "edge:lost" ? ",\"has\":false"
                                                                                           : ",\"has\":true";
  std::printf("{\"generation\":%ld,\"version\":\"%s\",\"effect\":\"%s\",\"ready\":%s,\"drained\":%s,\"busy\":%s,"
              "\"failed\":\"%s\"%s}\n",
              host.generation, escaped(host.version).c_str(), host.effect.c_str(), host.ready.c_str(),
              host.drained.c_str(), host.busy.c_str(), host.failed.c_str(), has);
  if (words[0] == "state") host.busy = "false";
  save(path, host);
}
