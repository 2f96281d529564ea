"""Events that no benchmark has: names with every odd character, one name with values of all kinds,
thousands of rare keys, most events of nobody, times of long ago and of the next century.

`WildEvents(seed)` is deterministic. Its parts are files that are imported one after the other; `events`
is what counts of all of them, once each. `operations` say of a third of the people who is whom.
"""

import json
import random

from .uuid7 import UUID7Source

START = 1_767_225_600_000  # 2026-01-01T00:00Z
DAY = 86_400_000
DAYS = 75

ODD_TEXTS = ["", " ", "a", "A", "a b", "tab\there", "line\nbreak", 'quo"te', "back\\slash", "\\", ".", "..", "null",
             "true", "0", "1", "1.0", "-1", "1e3", "NaN", "é", "e\u0301", "ß", "ẞ", "İ", "中文", "🎧🎧", "👩‍👩‍👧",
             "\u200b", "\ufeffx", "\u0000nul", "\u007f", "\ud7ff\ue000", "\U0010ffff", "%", "%s", "*", "?", "[a]", "{}",
             "'; DROP TABLE events; --", "<script>", "x" * 300, "long " * 400, "checkout", "CHECKOUT", "😀checkout"]
ODD_NUMBERS = [0, -0.0, 1, 1.0, -1, 3, 3.0, 2.5, 0.1, 1e-9, -1e-300, 1e300, 2**31, -2**31, 2**53, 2**53 + 1, float(2**53),
               2**63 - 1, -2**63, 1e19, 123456789.125, 99.99, 100]
ODD_KEYS = ["a", "A", "é", "e\u0301", "with space", "with.dot", "back\\slash", 'quo"te', "$dollar", "name", "cts",
            "event_id", "props", "ctx", "any", "0", "ключ", "键", "🎧", "very_long_" * 12, "a.b.c", "__proto__", "null",
            "tab\tkey", "\u200b", "%"]
NAMES = ["viewed", "page_view", "Page_View", "$pageview", "screen_view", "a", "a b", "é", "e\u0301", "quo\"te", "back\\slash",
         "🎧", "props.x", "null", "x" * 200, "rare one"]


class WildEvents:
    def __init__(self, seed, count=20_000, project="wild"):
        self.project = project
        self.random = random.Random(seed)
        self.ids = UUID7Source(seed)
        self.keys = self.random.sample(ODD_KEYS, 14) + ["plain", "number", "flag", "mixed"]
        self.rare = [f"rare_{self.random.randrange(1 << 40):x}" for _ in range(5_000)]
        self.vocabulary = {key: self._vocabulary(key) for key in self.keys}
        self.people = [self._text_id() for _ in range(max(20, count // 100))]
        self.names = self.random.sample(NAMES, 12)
        first = [self._event() for _ in range(count * 6 // 10)]
        second = [self._event() for _ in range(count * 2 // 10)]
        # Old events whose ids are of today: the time of an id says nothing about that of its event.
        fresh = [self._event(id_time=START + 300 * DAY) for _ in range(count * 2 // 10)]
        self.events = first + second + fresh
        repeats = self.random.sample(first, len(first) // 20)
        # The same id with other content, later: what came first counts.
        conflicts = [dict(event, event_name="conflict", props={"number": 1_000_000})
                     for event in self.random.sample(first, 50)]
        self.parts = [first + repeats[:len(repeats) // 2], second + repeats[len(repeats) // 2:] + conflicts,
                      fresh + self.random.sample(second, len(second) // 10)]
        for part in self.parts[:2]:
            self._shuffle_later(part)
        self.operations = self._operations()

    def write(self, number, path):
        with open(path, "w", encoding="utf-8") as file:
            for event in self.parts[number]:
                json.dump(event, file, ensure_ascii=self.random.random() < 0.3)
                file.write("\n")
        return str(path)

    def _operations(self):
        """In no order of time; each has a time of its own, for that says which of two counts."""
        times = iter(self.random.sample(range(START, START + DAYS * DAY), 2 * len(self.people)))
        operations = []
        for person in self.random.sample(self.people, len(self.people) * 3 // 10):
            sort, other = self.random.random(), self.random.choice(self.people)
            if sort < 0.6 and other != person:
                operations.append({"type": "alias", "payload": {
                    "profileId": other, "alias": person, "timestamp": next(times)}})
            if sort > 0.4:
                for profile in [person, other] if sort < 0.8 else [other]:
                    operations.append({"type": "identify", "payload": {
                        "profileId": profile, "deviceId": person, "timestamp": next(times)}})
        self.random.shuffle(operations)
        return operations

    def _shuffle_later(self, part):
        """Late events: some lines move far towards the end. Repeats stay behind what they repeat, for
        they are equal to it, and conflicts are in another part."""
        late = self.random.sample(range(len(part)), len(part) // 20)
        moved = [part[index] for index in late]
        chosen = set(late)
        part[:] = [event for index, event in enumerate(part) if index not in chosen] + moved

    def _vocabulary(self, key):
        """The values of a key: mostly texts, mostly numbers, or anything."""
        sort = {"plain": 0, "number": 1, "flag": 2, "mixed": 3}.get(key, self.random.randrange(4))
        makers = [self._text, self._number, lambda: self.random.random() < 0.5, self._any]
        return [makers[sort]() for _ in range(self.random.choice([2, 8, 40, 400]))]

    def _text(self):
        if self.random.random() < 0.5:
            return self.random.choice(ODD_TEXTS)
        return "".join(self.random.choice("abcdeé中🎧 .\\\"") for _ in range(self.random.randrange(1, 12)))

    def _number(self):
        kind = self.random.random()
        if kind < 0.3:
            return self.random.choice(ODD_NUMBERS)
        return self.random.randrange(-50, 1000) if kind < 0.7 else round(self.random.uniform(-10, 1000), 2)

    def _any(self):
        kind = self.random.random()
        if kind < 0.35:
            return self._text()
        if kind < 0.7:
            return self._number()
        if kind < 0.8:
            return self.random.random() < 0.5
        if kind < 0.88:
            return None
        if kind < 0.94:
            return [self._text(), self._number(), {"deep": self._text()}]
        return {"inner": self._text(), "n": self._number(), "with.dot": True}

    def _text_id(self):
        return self.random.choice(["p", "é", "🎧", "P ", "'"]) + f"{self.random.randrange(1 << 30):x}"

    def _time(self):
        kind = self.random.random()
        if kind < 0.96:
            return START + self.random.randrange(DAYS * DAY)
        if kind < 0.97:  # One of few milliseconds, so that many share one.
            return START + 10 * DAY + self.random.randrange(20)
        if kind < 0.985:
            return self.random.randrange(1, START)
        return START + self.random.randrange(DAYS * DAY, 30_000 * DAY)

    def _event(self, id_time=None):
        cts = self._time()
        event = {"event_id": self.ids.next(cts if id_time is None else id_time), "project_id": self.project,
                 "event_name": self.random.choice(self.names[:3] if self.random.random() < 0.6 else self.names),
                 "cts": cts}
        if self.random.random() < 0.1:
            # The busy few and the many others; the same text as a device is somebody else.
            person = self.people[min(int(self.random.expovariate(0.05)), len(self.people) - 1)]
            sort = self.random.random()
            if sort < 0.7:
                event["profile_id"] = person
            if sort > 0.5:
                event["device_id"] = person if sort < 0.9 else self.random.choice(self.people)
        if self.random.random() < 0.3:
            event["session_id"] = f"s{self.random.randrange(500)}"
        props = {key: self.random.choice(self.vocabulary[key])
                 for key in self.keys if self.random.random() < 0.25}
        if self.random.random() < 0.4:
            for _ in range(self.random.randrange(1, 3)):
                props[self.random.choice(self.rare)] = self._any()
        event["props"] = props
        if self.random.random() < 0.5:
            event["ctx"] = {key: self.random.choice(self.vocabulary[key])
                            for key in self.keys[:5] if self.random.random() < 0.5}
        return event
