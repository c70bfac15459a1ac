#include "runtime/backend/oci_backend.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "compiler/eval/image.h"
#include "runtime/backend/config.h"
#include "runtime/backend/sarif.h"
#include "runtime/effects/secrets.h"

namespace rollout::backend {
namespace {

using exec::Reading;

constexpr int64_t default_timeout_ns = 5'000'000'000;
constexpr int64_t one_moment_ns = 100'000'000;  // less than the time between two samples
constexpr std::string_view report_type = "application/sarif+json";

OpError changes_nothing(const plan::Action& action) {
  return settled_error(fmt::format("`{}` is asked of a registry, which changes nothing", action.text));
}

constexpr std::string_view signatures_signal = "signatures", sboms_signal = "sboms", parts_signal = "components",
                           forbidden_signal = "forbidden_components";
constexpr size_t max_lists = 20;  ///< of parts, attached to one image

/// What a list of the parts of an image may be, and those of them that can be read here.
constexpr std::string_view sbom_types[] = {"application/spdx+json", "text/spdx", "text/spdx+json",
                                           "application/vnd.cyclonedx+json", "application/vnd.cyclonedx+xml",
                                           "application/vnd.cyclonedx", "application/vnd.syft+json"};
constexpr std::string_view readable_types[] = {"application/spdx+json", "text/spdx+json",
                                               "application/vnd.cyclonedx+json"};
/// Signatures that are made in another way than by a key; an entry is the beginning of a type.
constexpr std::string_view other_signatures[] = {"application/vnd.dev.sigstore.bundle",
                                                 "application/vnd.cncf.notary.signature"};

std::string_view base_type(const OciArtifact& one) {
  return std::string_view(one.type).substr(0, one.type.find(';'));  // `; version=1.5`
}

bool is_sbom(const OciArtifact& one) {
  return std::find(std::begin(sbom_types), std::end(sbom_types), base_type(one)) != std::end(sbom_types);
}

bool is_readable(const OciArtifact& one) {
  return std::find(std::begin(readable_types), std::end(readable_types), base_type(one)) != std::end(readable_types);
}

std::vector<std::string> texts_of(const Config& config, std::string_view name) {
  std::vector<std::string> texts;
  if (const eval::Value* given = find(config, name))
    for (const eval::Value& one : given->items) texts.push_back(one.text);
  return texts;
}

bool is_other_signature(const OciArtifact& one) {
  return std::any_of(std::begin(other_signatures), std::end(other_signatures),
                     [&](std::string_view type) { return one.type.starts_with(type); });
}

std::optional<double> least_score(std::string_view signal) {
  if (signal == "critical_vulnerabilities") return critical_score;
  if (signal == "high_vulnerabilities") return high_score;
  if (signal == "medium_vulnerabilities") return medium_score;
  return std::nullopt;
}

/// The latest by what they say of themselves; of those that say nothing the last one named.
const OciArtifact* newest_report(const std::vector<OciArtifact>& attached) {
  const OciArtifact* newest = nullptr;
  for (const OciArtifact& one : attached)
    if (one.type == report_type && (!newest || one.created >= newest->created)) newest = &one;
  return newest;
}

/// What the plan brings to a service, else what it found there; empty: neither is known.
std::string image_of(const plan::Plan& plan, uint32_t service) {
  std::string image;
  for (const plan::Observed& observed : plan.observed)
    if (observed.what == plan::variable_text(plan.services[service], plan::Variable::Version, plan::Role::Stable))
      image = observed.value.text;
  for (const plan::Step& step : plan.steps)
    for (const plan::Setting& setting : step.action.sets)
      if (step.kind == plan::StepKind::Act && step.action.service == service &&
          setting.variable == plan::Variable::Version && setting.value.is(eval::Value::Kind::Image))
        image = setting.value.text;
  return image;
}

}  // namespace

Result<exec::Observation> OciBackend::observe(const plan::Plan&, const plan::Action& action, const exec::EffectKey&) {
  return changes_nothing(action);
}

Status OciBackend::act(const plan::Plan&, const plan::Action& action, const exec::EffectKey&) {
  return changes_nothing(action);
}

/// An image that names its registry is asked of that one alone.
Result<OciBackend::Asked> OciBackend::open(const plan::Plan& plan, std::string_view image) {
  const plan::Target& target = plan.targets[target_];
  Result<std::string> url = text_of(target.config, "url", target.name);
  if (!url) return url.error();
  while (url->ends_with('/')) url->pop_back();
  const eval::ImageParts parts = eval::image_parts(image);
  std::string repository(parts.name);
  if (!parts.registry.empty()) {
    const eval::Value* named = find(target.config, "named");
    const std::string_view host = std::string_view(*url).substr(url->find("://") + 3);
    const std::string_view own = named && !named->text.empty() ? std::string_view(named->text) : host;
    if (parts.registry != own)
      return settled_error(fmt::format("{} is an image of {}, but target {} is {}; bind the service to the registry "
                                       "of its image",
                                       image, parts.registry, target.name, own));
    repository = repository.substr(parts.registry.size() + 1);
  }
  OciAccess access{target.name, std::move(*url), {}, {}, number_of(target.config, "timeout", default_timeout_ns)};
  if (const eval::Value* user = find(target.config, "user")) access.user = user->text;
  if (const eval::Value* service = find(target.config, "token_service")) access.token_service = service->text;
  if (const eval::Value* place = find(target.config, "token")) {
    Result<std::string> token = effects::read_secret(effects_.files, root_, place->text);
    if (!token) return OpError{fmt::format("target {} has no token: {}", target.name, token.error().message)};
    if (token->find_first_of("\r\n") != std::string::npos)
      return settled_error(fmt::format("the token of target {} is not one line; mend {}", target.name, place->text));
    access.token = std::move(*token);
  }
  return Asked{OciApi(effects_.http, std::move(access)), std::move(repository), std::string(parts.tag)};
}

Result<std::string> OciBackend::digest_of(Asked& asked, std::string_view image) {
  if (const std::string_view known = eval::image_parts(image).digest; !known.empty()) return std::string(known);
  const Result<std::optional<OciManifest>> manifest = asked.api.manifest(asked.repository, asked.tag);
  if (!manifest) return manifest.error();
  if (!*manifest)
    return OpError{fmt::format("{} is not in the registry: it answered HTTP 404 for {} {}; push it, or look whether "
                               "the token may read it",
                               image, asked.repository, asked.tag)};
  return (*manifest)->digest;
}

Result<std::optional<std::string>> OciBackend::digest(const plan::Plan& plan, uint32_t, std::string_view image) {
  Result<Asked> asked = open(plan, image);
  if (!asked) return asked.error();
  Result<std::string> digest = digest_of(*asked, image);
  if (!digest) return digest.error();
  return std::optional(std::move(*digest));
}

Result<std::optional<std::string>> OciBackend::label(const plan::Plan& plan, std::string_view image) {
  const eval::ImageParts parts = eval::image_parts(image);
  Result<Asked> asked = open(plan, image);
  // What runs may have come from another registry; of what is brought, digest() has said so.
  if (!asked && !parts.registry.empty()) return std::optional<std::string>();
  if (!asked) return asked.error();
  const std::string_view known = parts.digest;
  return asked->api.label(asked->repository, known.empty() ? asked->tag : std::string(known), plan::compatible_label);
}

/// By its digest where it is known: its tag may mean another image by now.
Result<std::string> OciBackend::cannot_start(const plan::Plan& plan, uint32_t, std::string_view image) {
  Result<Asked> asked = open(plan, image);
  if (!asked) return asked.error();
  const std::string_view known = eval::image_parts(image).digest;
  const std::string reference = known.empty() ? asked->tag : std::string(known);
  const Result<std::optional<OciManifest>> manifest = asked->api.manifest(asked->repository, reference);
  if (!manifest) return manifest.error();
  if (*manifest) return std::string();
  return fmt::format("registry {} has no {} {}, or its token may not read it", plan.targets[target_].name,
                     asked->repository, reference);
}

Result<const OciBackend::Look*> OciBackend::look(Asked& asked, const std::string& image) {
  const int64_t now_ns = effects_.clock.monotonic_ns();
  if (last_ && last_->image == image && now_ns - last_->at_ns < one_moment_ns) return &*last_;
  last_.reset();
  const Result<std::string> digest = digest_of(asked, image);
  if (!digest) return digest.error();
  Result<std::vector<OciArtifact>> attached = asked.api.attached(asked.repository, *digest);
  if (!attached) return attached.error();
  last_ = Look{image, *digest, std::move(*attached), now_ns};
  return &*last_;
}

/// By how many of the trusted keys the image is signed, and why what else is attached does not count.
Result<Reading> OciBackend::signers(Asked& asked, const plan::Target& target, const Look& seen) {
  const Result<std::vector<TrustedKey>> keys = trusted_keys(target.config, target.name);
  if (!keys) return keys.error();
  const Result<std::vector<CosignSignature>> signatures =
      asked.api.signatures(asked.repository, seen.digest, seen.attached);
  if (!signatures) return signatures.error();
  Result<Signers> signers = signers_of(seen.digest, *signatures, *keys);
  if (!signers) return signers.error();
  for (const OciArtifact& one : seen.attached)
    if (is_other_signature(one))
      signers->doubts.push_back(fmt::format("what is attached as {} is not verified here", one.type));
  if (signers->keys.empty() && signers->doubts.empty())
    signers->doubts.push_back(fmt::format("no signature is attached to {}", seen.digest));
  Reading reading{Reading::Status::Ok, doubts_text(*signers), 0, 0, 0};
  reading.value = double(signers->keys.size());
  return reading;
}

/// What is wrong with one of them is no matter of the others; a registry that is away is a matter of all.
Result<const OciBackend::Lists*> OciBackend::lists(Asked& asked, const Look& seen) {
  std::vector<const OciArtifact*> attached;
  Lists found{seen.digest, 0, {}, {}};
  for (const OciArtifact& one : seen.attached) {
    if (!is_sbom(one)) continue;
    attached.push_back(&one);
    found.of += fmt::format(" {} {}{}", one.type, one.digest, one.layer);
  }
  if (lists_ && lists_->of == found.of) return &*lists_;
  if (attached.size() > max_lists)
    return settled_error(fmt::format("more than {} lists of parts are attached to {}; remove the old ones", max_lists,
                                     seen.image));
  std::string_view newest;
  for (const OciArtifact* one : attached) {
    if (!is_readable(*one)) {
      found.doubts.push_back(fmt::format("a list of parts as {} is not read: attach SPDX 2 or CycloneDX as JSON",
                                         one->type));
      continue;
    }
    Result<std::string> text = asked.api.content_of(asked.repository, *one, seen.digest);
    if (!text && text.error().retryable) return text.error();
    Result<std::vector<ListedPart>> parts =
        text ? parts_of(*text, seen.digest) : Result<std::vector<ListedPart>>(text.error());
    if (!parts) {
      found.doubts.push_back(fmt::format("the list of parts {}{} does not count: {}", one->digest, one->layer,
                                         parts.error().message));
      continue;
    }
    if (found.count++ > 0 && one->created < newest) continue;
    newest = one->created;
    found.newest = std::move(*parts);
  }
  lists_ = std::move(found);
  return &*lists_;
}

/// How many lists count, how many parts the newest one has, or how many of those may not be there.
Result<Reading> OciBackend::parts(Asked& asked, const plan::Target& target, const Look& seen,
                                  std::string_view signal) {
  const Result<const Lists*> read = lists(asked, seen);
  if (!read) return read.error();
  const Lists& found = **read;
  std::string doubts;
  for (const std::string& doubt : found.doubts) doubts += (doubts.empty() ? "" : "; ") + doubt;
  Reading reading{Reading::Status::Ok, doubts, 0, 0, 0};
  if (signal == sboms_signal) {
    reading.value = double(found.count);
    return reading;
  }
  if (found.count == 0) {
    std::string none = fmt::format("no list of parts is attached to {}", seen.image);
    return Reading{Reading::Status::NoData, doubts.empty() ? none : doubts, 0, 0, 0};
  }
  const Forbidden forbidden{texts_of(target.config, "forbidden_licences"),
                            texts_of(target.config, "forbidden_packages")};
  if (signal == parts_signal) reading.value = double(found.newest.size());
  else
    for (const ListedPart& part : found.newest) {
      if (!is_forbidden(part, forbidden)) continue;
      reading.value += 1;
      constexpr double shown = 3;
      if (reading.value <= shown) reading.detail += fmt::format("{}{}", reading.detail.empty() ? "" : ", ", part.name);
    }
  return reading;
}

/// Findings of the newest report, from a score on.
Result<Reading> OciBackend::vulnerabilities(Asked& asked, const Look& seen, double least_score) {
  const OciArtifact* report = newest_report(seen.attached);
  if (!report)
    return Reading{Reading::Status::NoData, fmt::format("no vulnerability report is attached to {}", seen.image), 0, 0,
                   0};
  const Result<std::string> text = asked.api.content_of(asked.repository, *report, seen.digest);
  if (!text) return text.error();
  const Result<int64_t> found = findings_from(*text, least_score);
  if (!found) return OpError{fmt::format("of {}: {}", seen.image, found.error().message)};
  Reading reading{Reading::Status::Ok, "", 0, 0, 0};
  reading.value = double(*found);
  return reading;
}

Result<Reading> OciBackend::count(const plan::Plan& plan, const plan::Signal& signal) {
  const std::string image = image_of(plan, signal.service);
  if (image.empty())
    return OpError{fmt::format("which image {} gets is not known", plan::service_text(plan.services[signal.service]))};
  Result<Asked> asked = open(plan, image);
  if (!asked) return asked.error();
  const Result<const Look*> seen = look(*asked, image);
  if (!seen) return seen.error();
  if (signal.method == signatures_signal) return signers(*asked, plan.targets[target_], **seen);
  if (const std::optional<double> score = least_score(signal.method)) return vulnerabilities(*asked, **seen, *score);
  bool known = signal.method == sboms_signal || signal.method == parts_signal || signal.method == forbidden_signal;
  ROLLOUT_CHECK(known, "the capability has no other signals");
  return parts(*asked, plan.targets[target_], **seen, signal.method);
}

Reading OciBackend::read(const plan::Plan& plan, const plan::Term& term) {
  Result<Reading> reading = count(plan, plan.signals[term.signal]);
  if (!reading) return {Reading::Status::Error, reading.error().message, 0, 0, 0};
  return std::move(*reading);
}

}  // namespace rollout::backend
