#!/usr/bin/env python3
"""Writes zones.txt from the time-zone data of this machine: ./make_zones.py > zones.txt (docs/decisions/0020).

After the version one line a zone: its name; while its rule does not hold yet, its offset in 2020 in seconds east of
UTC and what changes until then (`unix time:offset`); and the rule, as RFC 8536 has it in its footer.
"""
import datetime
import io
import struct
import zoneinfo

FOLDER = "/usr/share/zoneinfo"
BEGIN = 1577836800  # 2020-01-01T00:00Z: no rollout was planned before
HEADER = ">4sc15x6l"


def read(name):
    """Transitions since BEGIN, the offset before the first of them, and the footer of a TZif file."""
    with open(f"{FOLDER}/{name}", "rb") as file:
        data = file.read()
    size = struct.calcsize(HEADER)
    _, _, isut, isstd, leap, times, types, chars = struct.unpack_from(HEADER, data)
    # Behind the data with 32 bits of version 1 stands the same with 64 bits.
    at = size + times * 5 + types * 6 + chars + leap * 8 + isstd + isut
    magic, version, isut, isstd, leap, times, types, chars = struct.unpack_from(HEADER, data, at)
    assert magic == b"TZif" and version >= b"2" and leap == 0, name
    at += size
    moments = struct.unpack_from(f">{times}q", data, at)
    kinds = struct.unpack_from(f">{times}B", data, at + times * 8)
    at += times * 9
    offsets = [struct.unpack_from(">l", data, at + i * 6)[0] for i in range(types)]
    at += types * 6 + chars + leap * 12 + isstd + isut
    footer = data[at:].decode("ascii").strip("\n")
    assert footer, name
    first, later = offsets[0], []
    for moment, offset in zip(moments, (offsets[kind] for kind in kinds)):
        before = later[-1][1] if later else first
        if moment <= BEGIN:
            first = offset
        elif offset != before:
            later.append((moment, offset))
    return first, later, footer


def rule_of(footer):
    """offset(unix time), by the footer alone."""
    empty = struct.pack(HEADER, b"TZif", b"2", 0, 0, 0, 0, 1, 4) + struct.pack(">lbb", 0, 0, 0) + b"UTC\0"
    zone = zoneinfo.ZoneInfo.from_file(io.BytesIO(empty + empty + b"\n" + footer.encode() + b"\n"))
    utc = datetime.timezone.utc
    return lambda moment: int(datetime.datetime.fromtimestamp(moment, utc).astimezone(zone).utcoffset().total_seconds())


def line(name):
    first, later, footer = read(name)
    rule = rule_of(footer)
    states = [(BEGIN, first)] + later
    end = later[-1][0] if later else BEGIN
    moments = [m for m in range(BEGIN, end, 6 * 3600)]  # no rule lasts for less than that

    def holds_from(index):
        begin = states[index][0]
        at, offset = index, states[index][1]
        for moment in [begin] + [m for m in moments if m >= begin] + [end]:
            while at + 1 < len(states) and states[at + 1][0] <= moment:
                at += 1
            if rule(moment) != states[at][1]:
                return False
        return all(rule(m) == o and rule(m - 1) == states[i][1]
                   for i, (m, o) in enumerate(states[1:]) if i >= index)

    low, high = 0, len(states) - 1
    while low < high:  # once it holds, it holds
        middle = (low + high) // 2
        low, high = (low, middle) if holds_from(middle) else (middle + 1, high)
    kept = states[1:low + 1]
    return " ".join([name] + ([str(first)] if kept else []) + [f"{m}:{o}" for m, o in kept] + [footer])


def names():
    found, version = set(), ""
    with open(f"{FOLDER}/tzdata.zi") as file:
        for text in file:
            words = text.split()
            if text.startswith("# version"):
                version = words[2]
            elif words and words[0] in "ZL":
                found.add(words[1 if words[0] == "Z" else 2])
    return version, sorted(found - {"Factory"})


if __name__ == "__main__":
    VERSION, NAMES = names()
    print(VERSION)
    for NAME in NAMES:
        print(line(NAME))
