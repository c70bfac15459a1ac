#include "runtime/backend/parts_list.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <llvm/ADT/StringRef.h>

#include "compiler/base/json.h"

namespace rollout::backend {
namespace {

using json::Node;

constexpr std::string_view spdx_document = "SPDXRef-DOCUMENT";

OpError no_list(std::string_view why) { return OpError{fmt::format("it is no list of parts: {}", why)}; }

bool has_text(const Node& node, std::string_view field) { return !node[field].as_string().empty(); }

/// Whether a digest stands in a text, however it is written around it: `sha256:…`, `@sha256%3A…`.
bool names(std::string_view text, std::string_view digest) {
  const std::string_view hex = digest.substr(digest.find(':') + 1);
  return llvm::StringRef(text.data(), text.size()).contains_insensitive(llvm::StringRef(hex.data(), hex.size()));
}

bool any_names(const Node& list, std::string_view field, std::string_view digest) {
  return std::any_of(list.items.begin(), list.items.end(),
                     [&](const Node& one) { return names(one[field].as_string(), digest); });
}

bool package_names(const Node& package, std::string_view digest) {
  return names(package["name"].as_string(), digest) || names(package["versionInfo"].as_string(), digest) ||
         any_names(package["checksums"], "checksumValue", digest) ||
         any_names(package["externalRefs"], "referenceLocator", digest);
}

bool component_names(const Node& component, std::string_view digest) {
  return names(component["name"].as_string(), digest) || names(component["version"].as_string(), digest) ||
         names(component["purl"].as_string(), digest) || any_names(component["hashes"], "content", digest) ||
         any_names(component["properties"], "value", digest);
}

OpError of_another(std::string_view digest) {
  return OpError{fmt::format("what it describes is not named as {}", digest)};
}

/// What the document says that it describes.
std::set<std::string_view> described(const Node& root) {
  std::set<std::string_view> ids;
  for (const Node& id : root["documentDescribes"].items) ids.insert(id.as_string());
  for (const Node& one : root["relationships"].items) {
    const std::string_view type = one["relationshipType"].as_string();
    const std::string_view from = one["spdxElementId"].as_string(), to = one["relatedSpdxElement"].as_string();
    if (type == "DESCRIBES" && from == spdx_document) ids.insert(to);
    if (type == "DESCRIBED_BY" && to == spdx_document) ids.insert(from);
  }
  return ids;
}

std::vector<std::string> licences_of_package(const Node& package) {
  std::vector<std::string> all;
  for (const char* field : {"licenseConcluded", "licenseDeclared"}) {
    const std::string_view text = package[field].as_string();
    const bool known = !text.empty() && text != "NOASSERTION" && text != "NONE";
    if (known && (all.empty() || all.back() != text)) all.emplace_back(text);
  }
  return all;
}

std::string purl_of_package(const Node& package) {
  for (const Node& one : package["externalRefs"].items)
    if (one["referenceType"].as_string() == "purl") return std::string(one["referenceLocator"].as_string());
  return {};
}

Result<std::vector<ListedPart>> read_spdx(const Node& root, std::string_view digest) {
  const Node& created = root["creationInfo"];
  for (const char* field : {"spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace"})
    if (!has_text(root, field)) return no_list(fmt::format("SPDX asks for `{}`", field));
  if (root["SPDXID"].as_string() != spdx_document || !has_text(created, "created") || created["creators"].items.empty())
    return no_list("SPDX asks for `SPDXRef-DOCUMENT`, and when and by what it was created");
  if (!root["packages"].is(Node::Kind::Array)) return no_list("it has no `packages`");
  const std::set<std::string_view> subjects = described(root);
  std::vector<ListedPart> parts;
  bool named = false;
  for (const Node& package : root["packages"].items) {
    if (!has_text(package, "name") || !has_text(package, "SPDXID"))
      return no_list("a package has no name or no SPDXID");
    if (subjects.contains(package["SPDXID"].as_string())) named |= package_names(package, digest);
    else
      parts.push_back({std::string(package["name"].as_string()), std::string(package["versionInfo"].as_string()),
                       purl_of_package(package), licences_of_package(package)});
  }
  if (!named) return of_another(digest);
  return parts;
}

std::vector<std::string> licences_of_component(const Node& component) {
  std::vector<std::string> all;
  for (const Node& one : component["licenses"].items)
    for (std::string_view text :
         {one["expression"].as_string(), one["license"]["id"].as_string(), one["license"]["name"].as_string()})
      if (!text.empty()) all.emplace_back(text);
  return all;
}

/// Components may have components of their own.
Status add_components(const Node& list, std::vector<ListedPart>& parts) {
  for (const Node& one : list.items) {
    if (!has_text(one, "name") || !has_text(one, "type")) return no_list("a component has no name or no type");
    parts.push_back({std::string(one["name"].as_string()), std::string(one["version"].as_string()),
                     std::string(one["purl"].as_string()), licences_of_component(one)});
    if (Status inner = add_components(one["components"], parts); !inner) return inner.error();
  }
  return Done{};
}

Result<std::vector<ListedPart>> read_cyclonedx(const Node& root, std::string_view digest) {
  if (!root["specVersion"].as_string().starts_with("1.")) return no_list("its `specVersion` is not 1.x");
  const Node& subject = root["metadata"]["component"];
  if (!has_text(subject, "name") || !has_text(subject, "type"))
    return no_list("`metadata.component` does not say what it describes");
  if (!root["components"].is(Node::Kind::Array)) return no_list("it has no `components`");
  std::vector<ListedPart> parts;
  if (Status read = add_components(root["components"], parts); !read) return read.error();
  if (!component_names(subject, digest)) return of_another(digest);
  return parts;
}

bool fits(llvm::StringRef licence, llvm::StringRef wanted) {
  if (wanted.consume_back("*")) return licence.startswith_insensitive(wanted);
  return licence.equals_insensitive(wanted);
}

/// The whole text, or one of the licences of an expression such as `(MIT OR GPL-2.0-only WITH …)`.
bool licence_is(llvm::StringRef text, llvm::StringRef wanted) {
  if (fits(text, wanted)) return true;
  while (!text.empty()) {
    const size_t begin = text.find_first_not_of(" ()"), end = text.find_first_of(" ()", begin);
    if (begin == llvm::StringRef::npos) return false;
    if (fits(text.slice(begin, end), wanted)) return true;
    text = text.substr(std::min(end, text.size()));
  }
  return false;
}

/// `pkg:npm/left-pad` begins `pkg:npm/left-pad@1.3.0`, and not `pkg:npm/left-padding`.
bool begins_purl(std::string_view wanted, std::string_view purl) {
  if (!wanted.starts_with("pkg:") || !purl.starts_with(wanted)) return false;
  return purl.size() == wanted.size() || std::string_view("@?#/").find(purl[wanted.size()]) != std::string_view::npos;
}

}  // namespace

Result<std::vector<ListedPart>> parts_of(std::string_view document, std::string_view digest) {
  const Result<Node> root = json::parse(document);
  if (!root) return no_list("it is no JSON: " + root.error().message);
  if (json::has_twice(*root)) return no_list("it has a field twice");
  if ((*root)["spdxVersion"].as_string().starts_with("SPDX-2.")) return read_spdx(*root, digest);
  if ((*root)["bomFormat"].as_string() == "CycloneDX") return read_cyclonedx(*root, digest);
  return no_list("it is neither SPDX 2 nor CycloneDX");
}

bool is_forbidden(const ListedPart& part, const Forbidden& forbidden) {
  for (const std::string& wanted : forbidden.packages) {
    const bool named = part.name == wanted || fmt::format("{}@{}", part.name, part.version) == wanted;
    if (named || begins_purl(wanted, part.purl)) return true;
  }
  for (const std::string& wanted : forbidden.licences)
    for (const std::string& licence : part.licences)
      if (licence_is(licence, wanted)) return true;
  return false;
}

}  // namespace rollout::backend
