#include "compiler/check/values.h"

namespace rollout::check {

const Type* ValueChecker::check_member(const ast::MemberExpr* member) {
  if (const Type* enumeration = check_case(member)) return enumeration;
  if (const Type* property = check_property(member)) return property;
  if (const Type* rehearsed = check_rehearsed(member)) return rehearsed;
  const Type* object = check_expr(member->object);
  switch (object->kind) {
    case TypeKind::Error: return object;
    case TypeKind::Service: return service_member(member, false);
    case TypeKind::Role: return service_member(member, true);
    case TypeKind::Past: return past_member(member);
    case TypeKind::Calendar: return calendar_member(member);
    case TypeKind::Team: return team_member(member);
    case TypeKind::Record: {
      const ir::Record& record = program_.records[object->index];
      std::vector<std::string_view> known;
      for (uint32_t i = 0; i < record.fields.size(); ++i) {
        known.push_back(record.fields[i].name.text);
        if (known.back() != member->member.text) continue;
        info(member).ref = ir::Ref::Field;
        info(member).index = i;
        return record.fields[i].type;
      }
      report_unknown(member->member.span, member->member.text,
                     fmt::format("field of `{}`", record.decl->name.text), known);
      return simple(TypeKind::Error);
    }
    default: break;
  }
  if (const Type* part = check_part(member, object)) return part;
  if (const Type* deviation = check_deviation(member, object)) return deviation;
  if (object->is(TypeKind::Quantiled)) {
    diagnostics_.report(member->object->span, diag::QuantileMissing)
        .advise("name the quantile: `latency(99%)`")
        .fix(after(member->object->span), "(99%)");
    return simple(TypeKind::Error);
  }
  if (object->is(TypeKind::Metrics)) {
    diagnostics_.report(after(member->span), diag::ExpectedAfter, "`(`", std::string(member->member.text))
        .advise(fmt::format("a measure says what it reads: `{}(\"shop_saturation_ratio\", …)`", member->member.text));
    return simple(TypeKind::Error);
  }
  Diagnostic& none = diagnostics_.report(member->member.span, diag::NoMembers, text(object),
                                         std::string(member->member.text));
  if (object->is(TypeKind::Optional))
    none.advise(fmt::format("it may be absent: say what holds then, `(… or VALUE).{}`", member->member.text));
  return simple(TypeKind::Error);
}

const ir::Service* ValueChecker::known_service(const ast::Expr* object) const {
  const ir::ExprInfo& known = info(object);
  if (known.ref == ir::Ref::Service) return &program_.services[known.index];
  bool called = object->kind == ast::ExprKind::Call && known.ref == ir::Ref::Past;
  if (called) object = static_cast<const ast::CallExpr*>(object)->callee;
  if (known.ref == ir::Ref::Role || known.ref == ir::Ref::Past)
    return known_service(static_cast<const ast::MemberExpr*>(object)->object);
  return nullptr;
}

/// `s.canary`, `s.replicas`, `s.traffic`, `s.error_rate`; of a role only the signals.
const Type* ValueChecker::service_member(const ast::MemberExpr* member, bool role) {
  ir::ExprInfo& known = info(member);
  time_ = ir::Time::Plan;
  std::string_view name = member->member.text;
  if (!role && (name == "stable" || name == "canary" || name == "control")) {
    known.ref = ir::Ref::Role;
    known.index = name == "stable" ? 1 : name == "canary" ? 2 : 3;
    return simple(TypeKind::Role);
  }
  if (!role && name == "baseline") {
    known.ref = ir::Ref::Past;
    if (!in_test_)
      diagnostics_.report(member->member.span, diag::BaselineWindow)
          .advise("say how far back it goes: `baseline(1h)`")
          .fix(after(member->member.span), "(1h)");
    return simple(in_test_ ? TypeKind::Past : TypeKind::Error);
  }
  if (!role && name == "replicas") return known.ref = ir::Ref::Replicas, simple(TypeKind::Int);
  if (!role && name == "traffic") {
    known.ref = ir::Ref::Traffic;
    return in_test_ ? program_.types.live(simple(TypeKind::Rate)) : simple(TypeKind::Rate);
  }
  known.ref = ir::Ref::Signal;
  return signal_type(member);
}

bool lacks_binding(const ir::Service& service) {
  auto binds = [&](const ast::Setting& item) { return item.name.text != "traffic" && item.name.text != "depends_on"; };
  llvm::ArrayRef<ast::Setting> settings = service.decl->settings;
  return size_t(std::count_if(settings.begin(), settings.end(), binds)) > service.bindings.size();
}

namespace {

/// A service that declares the signal lacks it only when its source was wrong.
bool declares(const ir::Service& service, std::string_view signal) {
  llvm::ArrayRef<ast::SignalItem> signals = service.decl->signals;
  return std::any_of(signals.begin(), signals.end(), [&](const auto& item) { return item.name.text == signal; });
}

}  // namespace

/// Whether some service or capability declares a signal of that name.
static bool is_signal(const ir::Program& program, std::string_view name) {
  auto declares_it = [&](const auto& one) {
    return llvm::any_of(one.decl->signals, [&](const auto& item) { return item.name.text == name; });
  };
  return llvm::any_of(program.services, declares_it) || llvm::any_of(program.capabilities, declares_it);
}

/// The signal's type in the service at hand or, for a parameter, in any service of the program.
const Type* ValueChecker::signal_type(const ast::MemberExpr* member) {
  const ir::Service* service = known_service(member->object);
  std::vector<std::string_view> known;
  bool broken = false;
  for (const ir::Service& candidate : program_.services) {
    if (service && service != &candidate) continue;
    broken |= diagnostics_.has_errors() && (lacks_binding(candidate) || declares(candidate, member->member.text));
    for (const ir::ServiceSignal& signal : candidate.signals) {
      if (signal.name.text == member->member.text) {
        bool buckets = program_.capabilities[signal.capability].signals[signal.method].evidence == "buckets";
        if (buckets && !in_test_) return simple(TypeKind::Quantiled);
        return program_.types.live(signal.type);
      }
      if (std::find(known.begin(), known.end(), signal.name.text) == known.end()) known.push_back(signal.name.text);
    }
  }
  // A file of gates may be read alone: then nothing is known of the signals of a service.
  // What the library reads, a service must have that is given to it: the plan says at the call that it has not.
  bool alone = !service && (program_.services.empty() || module().library);
  if (broken || alone) return simple(TypeKind::Error);
  // A function of plan time is checked before anything is known of signals: one that it reads is a live value.
  const ir::Func* func = func_ == UINT32_MAX ? nullptr : &program_.funcs[func_];
  if (func && !func->type->is(TypeKind::Live) && is_signal(program_, member->member.text)) {
    report_live(member, fmt::format("`{}`", func->decl->name.text), with_article(func->type))
        .advise(fmt::format("let the function give a live value, `-> Live<{}>`: gates and watches may call it",
                            text(func->type)));
    return simple(TypeKind::Error);
  }
  // Inputs, records and targets are checked before services.
  bool early = service && (declares(*service, member->member.text) ||
                           (service->bindings.empty() && is_signal(program_, member->member.text)));
  if (early) {
    report_live(member, "what stands here", "a value");
    return simple(TypeKind::Error);
  }
  const Type* object = info(member->object).type;
  for (std::string_view word : {"canary", "stable", "control", "baseline", "replicas", "traffic"})
    if (!object->is(TypeKind::Role) && !object->is(TypeKind::Past)) known.push_back(word);
  report_unknown(member->member.span, member->member.text,
                 service ? fmt::format("member of service `{}`", service->decl->name.text) : "signal", known);
  return simple(TypeKind::Error);
}

}  // namespace rollout::check
