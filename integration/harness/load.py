"""Load of M-E1 events with ids of our own, and exact books about what was acknowledged."""

import json
import random
import threading
import time

from .client import BadResponse, Connection
from .uuid7 import UUID7Source

NAMES = ("page_view", "click", "purchase", "login", "search", "scroll")


class Book:
    """What was sent and what of it was acknowledged, by event id. Safe to share."""

    def __init__(self):
        self._lock = threading.Lock()
        self.sent, self.acknowledged, self.rejected = set(), set(), {}
        self.statuses, self.failures = {}, 0
        self.slowest_acknowledgement = 0.0
        self.last_acknowledgement = None

    def note_sent(self, ids):
        with self._lock:
            self.sent.update(ids)

    def note_response(self, ids, response, seconds):
        """Books one response: 200 acknowledges every id that it does not list as rejected."""
        refused = {}
        if response.status in (200, 207):
            try:
                answer = response.json()
            except ValueError:
                answer = {}
            for entry in answer.get("rejected") or []:
                refused[entry.get("event_id") or ids[entry["index"]]] = entry.get("code")
        with self._lock:
            self.statuses[response.status] = self.statuses.get(response.status, 0) + 1
            if response.status == 200:
                self.rejected.update(refused)
                self.acknowledged.update(id for id in ids if id not in refused)
                self.slowest_acknowledgement = max(self.slowest_acknowledgement, seconds)
                self.last_acknowledgement = time.monotonic()
        return response.status == 200

    def note_failure(self):
        with self._lock:
            self.failures += 1

    def counts(self):
        with self._lock:
            return {"sent": len(self.sent), "acknowledged": len(self.acknowledged),
                    "rejected": len(self.rejected), "failures": self.failures,
                    "statuses": dict(self.statuses)}


def make_event(ids, randomness, project=None, cts=None, size=0):
    """An M-E1 event with a client's own UUIDv7."""
    cts = time.time_ns() // 1_000_000 if cts is None else cts
    event = {
        "event_id": ids.next(cts if ids is not None else None), "event_name": randomness.choice(NAMES),
        "cts": cts, "profile_id": f"user_{randomness.randrange(500)}",
        "props": {"amount": randomness.randrange(100_000) / 100, "n": randomness.randrange(1 << 40),
                  "path": f"/p/{randomness.randrange(300)}", "text": "größe 耳机 \"quoted\"\n",
                  "ok": randomness.random() < 0.5, "none": None},
        "ctx": {"locale": "de-DE", "device_type": "mobile", "app_version": "2.1.0"},
    }
    if project is not None:
        event["project_id"] = project
    if size:
        event["props"]["padding"] = "x" * size
    return event


class Load:
    """Threads that post events until told to stop, through crashes and cut links.

    A request that failed is sent again with the same ids, as an SDK does, and now and then one that
    was acknowledged is sent once more.
    """

    PATHS = {"single": "/api/v1/events", "array": "/api/v1/events", "batch": "/api/v1/events/batch",
             "ndjson": "/api/v1/events"}

    def __init__(self, host, port, key, threads=4, seed=0, book=None, modes=None, pause=0.0,
                 batch=20, again=0.02, timeout=5.0, size=0, tls=None, giving_up=8):
        self.host, self.port, self.key, self.timeout, self.tls = host, port, key, timeout, tls
        self.book = book or Book()
        self.modes = modes or ("single", "single", "single", "array", "batch", "ndjson")
        self.pause, self.batch, self.again, self.size = pause, batch, again, size
        self.giving_up = giving_up
        self.seed = seed
        self._stop = threading.Event()
        self._errors = []
        self._threads = [threading.Thread(target=self._guarded, args=(n,), daemon=True)
                         for n in range(threads)]

    def start(self):
        for thread in self._threads:
            thread.start()
        return self

    def stop(self):
        """Stops after the requests under way; re-raises what a thread did not expect."""
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
        if self._errors:
            raise self._errors[0]
        return self.book

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        self._stop.set()
        if kind is None:
            self.stop()

    def _guarded(self, number):
        try:
            self._run(number)
        except Exception as error:  # noqa: BLE001 - handed to the test by stop()
            self._errors.append(error)

    def _run(self, number):
        randomness = random.Random(self.seed * 1000 + number)
        ids = UUID7Source(randomness.getrandbits(64))
        connection = Connection(self.host, self.port, tls=self.tls, timeout=self.timeout)
        headers = {"X-API-Key": self.key} if self.key else {}
        again = []
        while not self._stop.is_set():
            if again and randomness.random() < 0.5:
                mode, events, tries = again.pop(0)
            else:
                mode, tries = randomness.choice(self.modes), 0
                count = 1 if mode == "single" else randomness.randrange(1, self.batch + 1)
                events = [make_event(ids, randomness, size=self.size) for _ in range(count)]
            body, kind = encode(mode, events)
            known = [event["event_id"] for event in events]
            self.book.note_sent(known)
            started = time.monotonic()
            try:
                response = connection.request(
                    "POST", self.PATHS[mode], body, headers | {"Content-Type": kind})
                accepted = self.book.note_response(known, response, time.monotonic() - started)
            except (OSError, BadResponse):
                self.book.note_failure()
                connection.close()
                accepted = False
                self._stop.wait(randomness.random() * 0.03)
            if not accepted and tries < self.giving_up:
                again.append((mode, events, tries + 1))
                self._stop.wait(randomness.random() * 0.02)
            elif accepted and randomness.random() < self.again:
                again.append((mode, events, self.giving_up))
            if self.pause:
                self._stop.wait(self.pause)
        connection.close()


def encode(mode, events):
    """The body of a mode and its content type."""
    if mode == "single":
        return dump(events[0]), "application/json"
    if mode == "array":
        return dump(events), "application/json"
    if mode == "batch":
        return dump({"events": events}), "application/json"
    if mode == "ndjson":
        return b"\n".join(dump(event) for event in events) + b"\n", "application/x-ndjson"
    raise ValueError(mode)


def dump(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def post_events(host, port, key, events, book, per_request=100, tls=None):
    """Posts given events in arrays on one connection and books the answers; all must be accepted."""
    with Connection(host, port, tls=tls, timeout=30) as connection:
        for start in range(0, len(events), per_request):
            part = events[start:start + per_request]
            known = [event["event_id"] for event in part]
            book.note_sent(known)
            response = connection.request("POST", "/api/v1/events", part, {"X-API-Key": key})
            assert book.note_response(known, response, 0), response
    return book
