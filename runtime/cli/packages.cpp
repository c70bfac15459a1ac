#include "runtime/cli/packages.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/cli/lock_file.h"
#include "runtime/effects/source_files.h"

namespace rollout::cli {

namespace {

class PackageReader {
 public:
  PackageReader(const Project& project, SourceMap& sources, Diagnostics& diagnostics)
      : project_(project), sources_(sources), diagnostics_(diagnostics) {}

  Packages read(Lock lock) {
    packages_.layout.root = project_.root;
    packages_.layout.real_path = [root = project_.root](const std::string& path) {
      return effects::real_path_below(root, path);
    };
    packages_.versions.emplace_back();
    // A project without one is a folder of its own.
    if (!has_manifest(project_)) return std::move(packages_);
    Result<std::string> text = effects::read_below(project_.root, manifest_name, max_manifest_bytes);
    if (!text) {
      check::report_reason(diagnostics_, {}, diag::ImportNotFound, manifest_name, text.error().message);
      return std::move(packages_);
    }
    if (lock == Lock::Verified) read_lock();
    read_one(0, std::move(*text), ManifestOf::Project);
    return std::move(packages_);
  }

 private:
  void read_lock() {
    Result<std::optional<LockFile>> lock = read_lock_file(project_);
    if (!lock) {
      check::report_reason(diagnostics_, {}, diag::LockMismatch, lock_name, lock.error().message)
          .advise(lock_file_advice);
      return;
    }
    if (!*lock) return;
    packages_.layout.verify = [lock = std::move(**lock)](const std::string& path, const std::string& found) {
      return lock.verify(path, found);
    };
  }

  void read_one(size_t index, std::string text, ManifestOf what) {
    const std::string folder = packages_.layout.packages[index].folder;
    const std::string path = folder.empty() ? manifest_name : fmt::format("{}/{}", folder, manifest_name);
    if (index != 0 && packages_.layout.verify)
      if (Status same = packages_.layout.verify(path, text); !same)
        check::report_reason(diagnostics_, {}, diag::LockMismatch, path, same.error().message)
            .advise(check::lock_advice);
    SourceId source = sources_.add(path, std::move(text));
    Manifest manifest = read_manifest(sources_, source, what, diagnostics_);
    packages_.layout.packages[index].name = manifest.name;
    packages_.layout.packages[index].exports = manifest.exports;
    packages_.versions[index] = manifest.version;
    if (index == 0) packages_.cli = manifest.cli;
    for (const Dependency& dependency : manifest.dependencies) read_dependency(index, folder, dependency);
  }

  Diagnostic& refuse(const Dependency& dependency, std::string why) {
    return diagnostics_.report(dependency.span, diag::BadDependency, dependency.name, std::move(why));
  }

  void read_dependency(size_t owner, const std::string& above, const Dependency& dependency) {
    const std::string path = above.empty() ? dependency.path : fmt::format("{}/{}", above, dependency.path);
    Result<std::string> folder = effects::real_path_below(project_.root, path);
    if (!folder) {
      refuse(dependency, fmt::format("{}: {}", path, folder.error().message))
          .advise("put the package's folder there, or change `path`");
      return;
    }
    // Below, by its real name too: so packages cannot go round in a circle.
    bool below = above.empty() ? !folder->empty() : folder->starts_with(above + "/");
    if (!below) {
      const std::string shown = folder->empty() ? "." : *folder;
      refuse(dependency, fmt::format("{} is not below the folder of this rollout.toml", shown));
      return;
    }
    std::vector<check::Package>& all = packages_.layout.packages;
    auto same = [&](const check::Package& package) { return package.folder == *folder; };
    size_t index = size_t(std::find_if(all.begin() + 1, all.end(), same) - all.begin());
    if (index == all.size()) {
      if (!add_package(dependency, *folder)) return;
    }
    all[owner].dependencies.emplace_back(dependency.name, index);
    check_version(dependency, index);
  }

  bool add_package(const Dependency& dependency, const std::string& folder) {
    if (packages_.layout.packages.size() > max_packages) {
      refuse(dependency, fmt::format("a project has at most {} packages", max_packages));
      return false;
    }
    Result<std::string> text =
        effects::read_below(project_.root, fmt::format("{}/{}", folder, manifest_name), max_manifest_bytes);
    if (!text) {
      refuse(dependency, fmt::format("{}/{} cannot be read: {}", folder, manifest_name, text.error().message))
          .advise("a package is a folder with a rollout.toml that has `[package]` with `name` and `version`");
      return false;
    }
    size_t index = packages_.layout.packages.size();
    packages_.layout.packages.push_back({dependency.name, folder, {}, {}});
    packages_.versions.emplace_back();
    read_one(index, std::move(*text), ManifestOf::Package);
    return true;
  }

  void check_version(const Dependency& dependency, size_t index) {
    const std::string& version = packages_.versions[index];
    if (dependency.version.empty() || allows(dependency.version, version).value_or(true)) return;
    diagnostics_
        .report(dependency.span, diag::WrongVersion, "this file", fmt::format("`{}`", dependency.name),
                dependency.version, version)
        .advise(fmt::format("put such a version into {}, or change `version` here",
                            packages_.layout.packages[index].folder));
  }

  const Project& project_;
  SourceMap& sources_;
  Diagnostics& diagnostics_;
  Packages packages_;
};

}  // namespace

Packages read_packages(const Project& project, SourceMap& sources, Diagnostics& diagnostics, Lock lock) {
  return PackageReader(project, sources, diagnostics).read(lock);
}

}  // namespace rollout::cli
