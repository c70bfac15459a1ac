// Private to compiler/calendar: zones.txt as text in the binary. The last entry has null pointers.
#pragma once

namespace rollout::calendar {

struct ZoneFile {
  const char* path;
  const char* text;
};

extern const ZoneFile zone_files[];

}  // namespace rollout::calendar
