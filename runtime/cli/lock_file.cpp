#include "runtime/cli/lock_file.h"

#include <filesystem>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "compiler/plan/plan_json.h"
#include "runtime/cli/packages.h"
#include "runtime/effects/source_files.h"

namespace rollout::cli {

namespace {

constexpr int lock_version = 1;

/// Every source file and manifest of every package but the project itself, with its hash.
Result<std::map<std::string, std::string, std::less<>>> hashes_of(const Project& project, const Packages& packages) {
  std::map<std::string, std::string, std::less<>> hashes;
  for (size_t i = 1; i < packages.layout.packages.size(); ++i) {
    const std::string& folder = packages.layout.packages[i].folder;
    Result<std::vector<std::string>> files = rollout_files(project.root, {folder});
    if (!files) return files.error();
    files->push_back(fmt::format("{}/{}", folder, manifest_name));
    for (const std::string& path : *files) {
      Result<std::string> real = effects::real_path_below(project.root, path);
      if (!real) return OpError{fmt::format("{} cannot be locked: {}", path, real.error().message)};
      Result<std::string> text = effects::read_below(project.root, path, max_source_bytes);
      if (!text) return OpError{fmt::format("{} cannot be locked: {}", path, text.error().message)};
      hashes[*real] = locked_hash(*text);
    }
  }
  return hashes;
}

std::string short_hash(std::string_view hash) { return fmt::format("{}…", hash.substr(0, sizeof("sha256:") - 1 + 12)); }

}  // namespace

std::string locked_hash(std::string_view text) { return "sha256:" + plan::hash_of(text); }

Status LockFile::verify(const std::string& path, std::string_view text) const {
  auto locked = hashes.find(path);
  if (locked == hashes.end()) return OpError{fmt::format("is not in {}", lock_name)};
  std::string found = locked_hash(text);
  if (found == locked->second) return Done{};
  return OpError{fmt::format("has changed since it was locked; it is {}, {} says {}", short_hash(found), lock_name,
                             short_hash(locked->second))};
}

Result<std::optional<LockFile>> read_lock_file(const Project& project) {
  std::error_code failed;
  if (!std::filesystem::exists(std::filesystem::symlink_status(project.root + "/" + lock_name, failed)))
    return std::optional<LockFile>();
  Result<std::string> text = effects::read_below(project.root, lock_name, max_lock_bytes);
  if (!text) return OpError{fmt::format("cannot be read; {}", text.error().message)};
  Result<json::Node> node = json::parse(*text);
  if (!node) return OpError{fmt::format("is no lock file; {}", node.error().message)};
  int64_t version = (*node)["version"].as_int();
  if (version > lock_version) return OpError{"was written by a newer rollout"};
  if (version != lock_version) return OpError{"is no lock file; it has no `version`"};
  LockFile lock;
  lock.rollout = (*node)["std"]["rollout"].as_string();
  lock.library = (*node)["std"]["hash"].as_string();
  for (const json::Node& file : (*node)["files"].items)
    lock.hashes.emplace(file["path"].as_string(), file["hash"].as_string());
  return std::optional<LockFile>(std::move(lock));
}

Result<std::string> lock_text(const Project& project, const Packages& packages) {
  auto hashes = hashes_of(project, packages);
  if (!hashes) return hashes.error();
  std::string list, files;
  for (size_t i = 1; i < packages.layout.packages.size(); ++i) {
    const check::Package& package = packages.layout.packages[i];
    list += fmt::format("{}\n    {{\"name\": {}, \"version\": {}, \"path\": {}}}", i == 1 ? "" : ",",
                        json::quote(package.name), json::quote(packages.versions[i]), json::quote(package.folder));
  }
  for (const auto& [path, hash] : *hashes)
    files += fmt::format("{}\n    {{\"path\": {}, \"hash\": \"{}\"}}", files.empty() ? "" : ",", json::quote(path),
                         hash);
  return fmt::format(
      "{{\n  \"version\": {},\n  \"std\": {{\"rollout\": \"{}\", \"hash\": \"sha256:{}\"}},\n  \"packages\": [{}{}],\n"
      "  \"files\": [{}{}]\n}}\n",
      lock_version, ROLLOUT_VERSION, library_hash(), list, list.empty() ? "" : "\n  ", files,
      files.empty() ? "" : "\n  ");
}

void check_lock(const Project& project, const Packages& packages, Diagnostics& diagnostics) {
  auto report = [&](const std::string& path, const std::string& what) {
    check::report_reason(diagnostics, {}, diag::LockMismatch, path, what).advise(check::lock_advice);
  };
  Result<std::optional<LockFile>> lock = read_lock_file(project);
  if (!lock) {
    check::report_reason(diagnostics, {}, diag::LockMismatch, lock_name, lock.error().message)
        .advise(lock_file_advice);
    return;
  }
  if (!*lock) {
    diagnostics.report({}, diag::LockMismatch, lock_name, "is not there")
        .note(fmt::format("the project is {}", project.root))
        .advise("`rollout lock` writes it; keep it in version control");
    return;
  }
  auto hashes = hashes_of(project, packages);
  if (!hashes) return report(lock_name, fmt::format("cannot be compared: {}", hashes.error().message));
  for (const auto& [path, hash] : *hashes) {
    auto locked = (*lock)->hashes.find(path);
    if (locked == (*lock)->hashes.end()) report(path, fmt::format("is not in {}", lock_name));
    else if (locked->second != hash)
      report(path, fmt::format("has changed since it was locked; it is {}, {} says {}", short_hash(hash), lock_name,
                               short_hash(locked->second)));
  }
  for (const auto& [path, hash] : (*lock)->hashes)
    if (!hashes->count(path)) report(path, fmt::format("is in {} but not in the project", lock_name));
  if ((*lock)->library == "sha256:" + library_hash()) return;
  const std::string_view other = (*lock)->rollout == ROLLOUT_VERSION ? ", with another std" : "";
  diagnostics.report({}, diag::LockMismatch, "std", "is not the locked one")
      .note(fmt::format("{} was written by rollout {}, and this is {}{}", lock_name, (*lock)->rollout,
                        ROLLOUT_VERSION, other))
      .advise("use that version of rollout, or look at what a plan gives now and write the lock anew: `rollout lock`");
}

}  // namespace rollout::cli
