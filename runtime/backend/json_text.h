// Where things stand in the text of a JSON document, so that one value can be exchanged and every other byte stays. For
// backends that share a file with people. Only for texts that json::parse() takes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rollout::backend {

/// One field of an object: its name, and the bytes [begin, end) of its value.
struct JsonMember {
  std::string name;
  size_t begin = 0, end = 0;
};

/// The fields of the object that begins at `begin`; none where no object does.
std::vector<JsonMember> members_of(std::string_view text, size_t begin);
/// The items of the array that begins at `begin`, without names; none where no array does.
std::vector<JsonMember> items_of(std::string_view text, size_t begin);

}  // namespace rollout::backend
