// A tree of JSON back to text, for tests that alter one: only they need it.
#pragma once

#include "compiler/base/json.h"

namespace rollout::json {

/// The canonical text of its values, fields in their order.
inline void write_node(Writer& out, const Node& node) {
  switch (node.kind) {
    case Node::Kind::Null: out.null(); return;
    case Node::Kind::Bool: out.value(node.boolean); return;
    case Node::Kind::Int: out.value(node.integer); return;
    case Node::Kind::Double: out.value(node.number); return;
    case Node::Kind::String: out.value(node.string); return;
    case Node::Kind::Array:
      out.begin_array();
      for (const Node& item : node.items) write_node(out, item);
      out.end_array();
      return;
    case Node::Kind::Object: break;
  }
  out.begin_object();
  for (const auto& [name, field] : node.fields) write_node(out.key(name), field);
  out.end_object();
}

}  // namespace rollout::json
