"""The oracle: every acknowledged id is in the aggregator exactly once, and nothing else is."""

import time
from collections import Counter
from urllib.parse import quote, urlencode

from .client import BadResponse

# A wide range: answers default to the last 30 days, and the oracle wants everything.
FROM, TO = "1970-01-01", "9999-12-31"


def stored_events(aggregator, **filters):
    """Every event the aggregator lists, newest first, page by page."""
    query = {"limit": 1000, "from": FROM, "to": TO} | filters
    cursor = None
    while True:
        page = dict(query)
        if cursor:
            page["cursor"] = cursor
        response = aggregator.ask("/api/v1/events?" + urlencode(page))
        assert response.status == 200, response
        answer = response.json()
        yield from answer["events"]
        cursor = answer.get("next_cursor")
        if not cursor:
            return


def stored_ids(aggregator):
    """How often each event id is listed."""
    return Counter(event["event_id"] for event in stored_events(aggregator))


def total(aggregator, **filters):
    """The total that the statistics report, over all time."""
    query = {"started_at": FROM, "ended_at": TO} | filters
    response = aggregator.ask("/api/v1/events/stats?" + urlencode(query))
    assert response.status == 200, response
    return response.json()["total"]


def find(aggregator, event_id):
    """The whole event, or None where the aggregator does not have it."""
    response = aggregator.ask("/api/v1/events/" + quote(event_id))
    if response.status == 404:
        return None
    assert response.status == 200, response
    return response.json()


class Verdict:
    """What the comparison found; `check` explains itself when something is wrong."""

    def __init__(self, book, listed, counted):
        acknowledged, sent = set(book.acknowledged), set(book.sent)
        self.lost = acknowledged - listed.keys()
        self.doubled = {id: n for id, n in listed.items() if n > 1}
        self.invented = listed.keys() - sent
        self.listed, self.counted = len(listed), counted
        self.acknowledged = len(acknowledged)

    @property
    def is_good(self):
        return not (self.lost or self.doubled or self.invented) and self.listed == self.counted

    def check(self, context=""):
        assert self.is_good, (
            f"{context} acknowledged {self.acknowledged}, listed {self.listed}, "
            f"counted by stats {self.counted}; lost {len(self.lost)} {sorted(self.lost)[:5]}, "
            f"doubled {len(self.doubled)} {list(self.doubled.items())[:5]}, "
            f"never sent {len(self.invented)} {sorted(self.invented)[:5]}")
        return self


def settle(aggregator, book, timeout=60.0, quiet=0.5):
    """Waits until the acknowledged events can all be there and the total has stopped moving."""
    deadline = time.monotonic() + timeout
    last, since = None, time.monotonic()
    while time.monotonic() < deadline:
        try:
            now = total(aggregator)
        except (OSError, BadResponse):
            now = None
        if now != last:
            last, since = now, time.monotonic()
        elif now is not None and now >= len(book.acknowledged) \
                and time.monotonic() - since >= quiet:
            return now
        time.sleep(0.05)
    return last


def check(aggregator, book, timeout=60.0, context="", quiet=0.5):
    """Waits for delivery, then compares id by id. Returns the verdict, or fails with the facts."""
    deadline = time.monotonic() + timeout
    while True:
        settle(aggregator, book, max(0.5, deadline - time.monotonic()), quiet)
        verdict = Verdict(book, stored_ids(aggregator), total(aggregator))
        # Loss may still be delay, and a batch may land between list and count: look until the deadline.
        if verdict.is_good or verdict.doubled or time.monotonic() > deadline:
            return verdict.check(context)
        time.sleep(0.2)
