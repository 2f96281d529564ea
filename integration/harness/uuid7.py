"""Event ids as a client makes them: UUIDv7 (RFC 9562), always increasing within one source."""

import random
import threading
import time


class UUID7Source:
    """Makes ids from the wall clock and a seeded generator; safe to share between threads."""

    def __init__(self, seed=None):
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._last = 0

    def next(self, milliseconds=None):
        """The next id as text; with `milliseconds` it carries that time instead of now."""
        now = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
        with self._lock:
            random_bits = self._random.getrandbits(74)
            if milliseconds is None:
                # Time and the upper 12 random bits count up together, so ids never step back.
                head = (now << 12) | (random_bits >> 62)
                head = max(head, self._last + 1)
                self._last = head
                now, upper = head >> 12, head & 0xFFF
            else:
                upper = random_bits >> 62
        return compose(now, upper, random_bits & ((1 << 62) - 1))


def compose(milliseconds, upper, lower):
    """An id from its 48-bit time, 12 upper and 62 lower bits."""
    value = (milliseconds << 80) | (7 << 76) | (upper << 64) | (2 << 62) | lower
    digits = f"{value:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def milliseconds_of(text):
    """The time that an id carries."""
    return int(text.replace("-", "")[:12], 16)


def is_uuid7(text):
    """Whether `text` is a UUIDv7 in its canonical form."""
    if not isinstance(text, str) or len(text) != 36 or text != text.lower():
        return False
    parts = text.split("-")
    if [len(part) for part in parts] != [8, 4, 4, 4, 12]:
        return False
    try:
        int("".join(parts), 16)
    except ValueError:
        return False
    return parts[2][0] == "7" and parts[3][0] in "89ab"
