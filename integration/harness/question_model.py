"""What a series question means, as plain loops: the slow and obvious answer to compare others with.

Questions are in the JSON form of the API. A value is a pair of its kind and itself, so that true is not 1;
a condition is True, False or None for unknown.
"""

import bisect
import functools
import math
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

NOTHING = ("null", None)
RANK = {"null": 0, "bool": 1, "number": 2, "text": 3}


def tagged(value):
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, (int, float)):
        return ("number", value)
    if isinstance(value, str):
        return ("text", value.encode("utf-8", "surrogatepass"))
    return ("other", value)


@functools.cache
def keys_of(path):
    """The parts of a path; a backslash makes the next character an ordinary one."""
    parts, is_escaped = [""], False
    for character in path:
        if is_escaped or character not in ".\\":
            parts[-1] += character
            is_escaped = False
        elif character == "\\":
            is_escaped = True
        else:
            parts.append("")
    return parts


def escaped(key):
    return key.replace("\\", "\\\\").replace(".", "\\.")


FIELDS = {"name": "event_name", "cts": "cts", "profile_id": "profile_id", "device_id": "device_id",
          "session_id": "session_id", "event_id": "event_id"}


def value_at(path, event):
    parts = keys_of(path)
    if len(parts) == 1:
        return tagged(event.get(FIELDS[parts[0]]))
    value = event.get(parts[0]) or {}
    for key in parts[1:]:
        if not isinstance(value, dict) or key not in value:
            return NOTHING
        value = value[key]
    return tagged(value)


class People:
    """Who is whom, after all operations: a device is the first profile's that it was identified with,
    and aliases make profiles one person, whatever chain leads from one to the other."""

    def __init__(self, operations=()):
        self.parent, self.owner = {}, {}
        for operation in sorted(operations, key=lambda operation: operation["payload"]["timestamp"]):
            payload = operation["payload"]
            if operation["type"] == "identify":
                self.owner.setdefault(payload["deviceId"], payload["profileId"])
            else:
                self.parent[self._root(payload["alias"])] = self._root(payload["profileId"])

    def _root(self, profile):
        while (parent := self.parent.get(profile, profile)) != profile:
            profile = parent
        return profile

    def of(self, event):
        profile, device = event.get("profile_id"), event.get("device_id")
        if profile is None and device is not None:
            profile = self.owner.get(device)
        if profile is not None:
            return ("profile_id", self._root(profile))
        return None if device is None else ("device_id", device)


# Conditions -------------------------------------------------------------------------------------

def texts_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner)


def passes(op, text, operand):
    text, operand = (part.encode("utf-8", "surrogatepass") for part in (text, operand))
    return {"contains": operand in text, "prefix": text.startswith(operand),
            "suffix": text.endswith(operand)}[op]


def holds(condition, event):
    if isinstance(condition, list):
        condition = {"and": condition}
    if "and" in condition:
        parts = [holds(part, event) for part in condition["and"]]
        return False if False in parts else None if None in parts else True
    if "or" in condition:
        parts = [holds(part, event) for part in condition["or"]]
        return True if True in parts else None if None in parts else False
    if "not" in condition:
        inner = holds(condition["not"], event)
        return None if inner is None else not inner
    if "search" in condition:
        return any(passes("contains", text, condition["search"]) for text in texts_in(event.get("props")))
    op, value = condition["op"], value_at(condition["property"], event)
    if op == "exists":
        return value != NOTHING
    if value == NOTHING:
        return None
    if op == "in":
        return value in [tagged(operand) for operand in condition["value"]]
    operand = tagged(condition["value"])
    if op in ("contains", "prefix", "suffix"):
        return passes(op, value[1].decode("utf-8", "surrogatepass"), condition["value"]) \
            if value[0] == "text" else None
    if op in ("=", "!="):
        return (value == operand) == (op == "=")
    if value[0] != operand[0] or value[0] not in ("number", "text"):
        return None
    left, right = value[1], operand[1]
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[op]


def selected(series, event):
    names = series.get("event")
    if names is not None and event["event_name"] not in ([names] if isinstance(names, str) else names):
        return False
    return "filter" not in series or holds(series["filter"], event) is True


# Time -------------------------------------------------------------------------------------------

def milliseconds(text):
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)


def pieces_of(question):
    """The half open pieces of the range, in order."""
    start, end = milliseconds(question["from"]), milliseconds(question["to"])
    interval = question.get("interval", "total")
    if interval == "total":
        return [(start, end)]
    zone = ZoneInfo(question.get("timezone", "UTC"))

    def first(day):
        return milliseconds(datetime(day.year, day.month, day.day, tzinfo=zone).isoformat())

    day = datetime.fromtimestamp(start / 1000, zone).date()
    if interval == "week":
        day -= timedelta(days=day.weekday())
    elif interval == "month":
        day = day.replace(day=1)
    starts = []
    while first(day) < end:
        starts.append(first(day))
        day = {"day": lambda d: d + timedelta(days=1), "week": lambda d: d + timedelta(days=7),
               "month": lambda d: date(d.year + d.month // 12, d.month % 12 + 1, 1)}[interval](day)
    return [(max(low, start), min(high, end)) for low, high in zip(starts, starts[1:] + [end])]


# Measures ---------------------------------------------------------------------------------------

def measured(measure, events, everyone):
    if measure == "events":
        return len(events)
    people = [person for person in map(everyone.of, events) if person is not None]
    if measure == "people":
        return len(set(people))
    if measure == "events_per_person":
        return len(people) / len(set(people)) if people else None
    word = next(key for key in measure if key != "q")
    numbers = [value for kind, value in (value_at(measure[word], event) for event in events)
               if kind == "number"]
    if word == "sum":
        if all(isinstance(number, int) for number in numbers):
            return sum(numbers)
        return Near(math.fsum(numbers), math.fsum(map(abs, numbers)))
    if not numbers:
        return None
    if word == "average":
        size = len(numbers)
        return Near(math.fsum(numbers) / size, math.fsum(map(abs, numbers)) / size)
    if word in ("minimum", "maximum"):
        return (min if word == "minimum" else max)(numbers)
    numbers.sort()
    place = (len(numbers) - 1) * measure["q"]
    low = numbers[int(place)]
    high = numbers[min(int(place) + 1, len(numbers) - 1)]
    part = place - int(place)
    return Near(low + (high - low) * part if part else low, max(abs(low), abs(high)))


class Near:
    """A number that was rounded on its way, and the size of what it was made of."""

    def __init__(self, number, size):
        self.number, self.size = float(number), float(size)

    def __repr__(self):
        return f"about {self.number!r}"

    def fits(self, other):
        if not isinstance(other, (int, float)) or isinstance(other, bool):
            return False
        return abs(self.number - other) <= 1e-9 * max(self.size, abs(self.number), 1e-300) + 1e-300


def fits(expected, found):
    if isinstance(expected, Near):
        return expected.fits(found)
    if isinstance(expected, float) or isinstance(found, float):
        return isinstance(expected, (int, float)) and isinstance(found, (int, float)) \
            and not isinstance(found, bool) and math.isclose(expected, found, rel_tol=1e-12)
    return type(expected) is type(found) and expected == found


# Questions --------------------------------------------------------------------------------------

def group_value(path, event):
    value = value_at(path, event)
    return value if value[0] in RANK else NOTHING


def order(value):
    return (RANK[value[0]], value[1] if value[1] is not None else 0)


class Grouping:
    """Which group an event is in: a tuple of values, one for each path."""

    def __init__(self, breakdown, events, everyone):
        self.assign, self.people, self.everyone = "event", {}, everyone
        if isinstance(breakdown, dict):
            self.assign = breakdown.get("assign", "event")
            self.limit = breakdown.get("limit", 25)
            breakdown = breakdown["by"]
        else:
            self.limit = 25
        self.paths = [breakdown] if isinstance(breakdown, str) else breakdown
        self.none = (NOTHING,) * len(self.paths)
        if self.assign != "event":
            self._assign(events)

    def _assign(self, events):
        best = {}
        for event in events:
            person = self.everyone.of(event)
            for index, path in enumerate(self.paths):
                value = group_value(path, event)
                if person is None or value == NOTHING:
                    continue
                place = (event["cts"], order(value))
                known = best.get((person, index))
                if known is None or (place < known[0] if self.assign == "first" else place > known[0]):
                    best[person, index] = (place, value)
        for (person, index), (_, value) in best.items():
            row = self.people.setdefault(person, list(self.none))
            row[index] = value

    def of(self, event):
        if self.assign == "event":
            return tuple(group_value(path, event) for path in self.paths)
        return tuple(self.people.get(self.everyone.of(event), self.none))


def answer(question, events, everyone=None):
    """Rows of (group, [(total, [pieces])]), where a group is "all", "other" or a tuple of values."""
    everyone = everyone or People()
    start, end = milliseconds(question["from"]), milliseconds(question["to"])
    scope = [event for event in events if start <= event["cts"] < end
             and ("filter" not in question or holds(question["filter"], event) is True)]
    chosen = [[event for event in scope if selected(series, event)] for series in question["series"]]
    measures = [series["measure"] for series in question["series"]]
    ends = [high for _, high in pieces_of(question)]

    def columns(events_of_series):
        found = []
        for measure, meant in zip(measures, events_of_series):
            cut = [[] for _ in ends]
            for event in meant:
                cut[bisect.bisect_right(ends, event["cts"])].append(event)
            found.append((measured(measure, meant, everyone),
                          [measured(measure, piece, everyone) for piece in cut]))
        return found

    if "breakdown" not in question:
        return [("all", columns(chosen))]
    grouping = Grouping(question["breakdown"], scope, everyone)
    members = [{} for _ in measures]
    for index, events_of in enumerate(chosen):
        for event in events_of:
            members[index].setdefault(grouping.of(event), []).append(event)
    everywhere = set().union(*members)
    sizes = {group: measured(measures[0], members[0].get(group, []), everyone)
             for group in everywhere if group != grouping.none}
    ranked = sorted(sizes, key=lambda group: (-sizes[group], [order(value) for value in group]))
    rows = [(group, columns([of.get(group, []) for of in members])) for group in ranked[:grouping.limit]]
    if rest := ranked[grouping.limit:]:
        rows.append(("other", columns([[event for group in rest for event in of.get(group, [])]
                                       for of in members])))
    if grouping.none in everywhere:
        rows.append((grouping.none, columns([of.get(grouping.none, []) for of in members])))
    return rows


def difference(expected, found):
    """Where the rows of an answer are not those of the model, in words; None where they are."""
    rows = found["rows"]
    if len(rows) != len(expected):
        return f"{len(rows)} rows for {len(expected)}"
    for number, ((group, columns), row) in enumerate(zip(expected, rows)):
        own = row["group"] if isinstance(row["group"], str) else tuple(map(tagged, row["group"]))
        if own != group:
            return f"row {number} is of {own!r} for {group!r}"
        for index, ((total, pieces), column) in enumerate(zip(columns, row["columns"])):
            if len(pieces) != len(column["pieces"]):
                return f"{len(column['pieces'])} pieces for {len(pieces)}"
            for left, right in zip([total, *pieces], [column["total"], *column["pieces"]]):
                if not fits(left, right):
                    return f"row {number} {group!r}, column {index}: {right!r} for {left!r}"
    return None
