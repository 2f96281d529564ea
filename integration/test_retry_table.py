"""F23, twelve statuses black box: what the collector does when `/v1/batches` answers so.

The whole table runs over the seams in the unit tests; here the built program meets a door that
answers by script. About 90 s.
"""

import random
import time

import pytest

from harness import oracle
from harness.aggregator_stub import PASS, Answer, Door
from harness.certificates import find_server_pair
from harness.client import wait_for
from harness.load import Book, make_event, post_events
from harness.uuid7 import UUID7Source


@pytest.fixture
def doored(house):
    """(aggregator, collector, door): the door ends TLS between the two."""
    aggregator = house.aggregator()
    door = Door(*find_server_pair(aggregator.data, port=aggregator.tls_port),
                upstream=("127.0.0.1", aggregator.tls_port))
    house.on_close(door.close)
    return aggregator, house.collector(aggregator, url=door.url), door


def send(aggregator, collector, seed, count=200, per_request=50, book=None):
    randomness, ids, book = random.Random(seed), UUID7Source(seed), book or Book()
    post_events(collector.host, collector.port, aggregator.write_key,
                [make_event(ids, randomness) for _ in range(count)], book, per_request)
    return book


def always(answer):
    return lambda request: answer if request.path == "/v1/batches" else PASS


def first(times, answer):
    """The first so many batches get the answer, all later ones pass."""
    left = [times]

    def script(request):
        if request.path == "/v1/batches" and left[0] > 0:
            left[0] -= 1
            return answer
        return PASS

    return script


# What may be met for a while: nothing leaves the spool, and nobody hammers.
@pytest.mark.parametrize("answer,busiest", [
    (Answer(302, b"", {"Location": "/elsewhere"}), 3),
    (Answer(401, {"code": "unknown_collector"}), 3),
    (Answer(403, {"code": "revoked"}), 3),
    (Answer(403, {"code": "wrong_project"}), 3),
    (Answer(404, {"code": "not_found"}), 20),
    (Answer(410, {"code": "retired"}), 3),
    (Answer(415, {"code": "unknown_version"}), 20),
    (Answer(426, {"code": "upgrade_required"}), 20),
    (Answer(500, {"code": "internal"}), 40),
    (Answer(503, {"code": "busy"}), 40),
], ids=lambda value: str(value.status) if isinstance(value, Answer) else "")
def test_a_status_that_is_no_acknowledgement_keeps_everything(doored, seed, answer, busiest):
    aggregator, collector, door = doored
    door.script = always(answer)
    book = send(aggregator, collector, seed)
    time.sleep(2.5)
    tries = len(door.seen())
    # Several batches are in flight at once (at most five), each with its own first try.
    assert 1 <= tries <= busiest + 5, f"{tries} tries in 2.5 s"
    assert collector.is_running and not oracle.stored_ids(aggregator)
    more = send(aggregator, collector, seed + 1, 20, book=book)
    door.script = always(PASS)
    collector.restart()  # The pause of some of these is minutes; a start looks at once.
    oracle.check(aggregator, more, timeout=30, context=f"{answer.status}, seed {seed}:")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_fault_heals_by_itself(doored, seed, status):
    aggregator, collector, door = doored
    door.script = first(3, Answer(status, {"code": "later"}))
    book = send(aggregator, collector, seed)
    oracle.check(aggregator, book, timeout=30, context=f"{status}, seed {seed}:")
    bodies = [request.body for request in door.seen()]
    assert bodies[0] in bodies[1:], "the refused batch was not sent again byte by byte"


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_waited_for(doored, seed, status):
    aggregator, collector, door = doored
    door.script = always(Answer(status, {"code": "later"}, {"Retry-After": "3"}))
    book = send(aggregator, collector, seed, 20)
    wait_for(door.seen, 5, what="the first batch")
    time.sleep(1.2)
    early = door.seen()
    assert len({request.body for request in early}) == len(early), "tried again within 1.2 s of 3"
    door.script = always(PASS)
    oracle.check(aggregator, book, timeout=30, context=f"seed {seed}:")
    again = [r for r in door.seen() if r.body == early[0].body][1]
    assert again.at - early[0].at >= 2.9
    assert again.at - early[0].at <= 3 * 1.2 + 2


def test_413_makes_batches_smaller(doored, seed):
    aggregator, collector, door = doored
    largest = 6000
    door.script = lambda r: Answer(413, {"code": "too_large"}) \
        if r.path == "/v1/batches" and len(r.body) > largest else PASS
    book = send(aggregator, collector, seed, 600, 600)
    oracle.check(aggregator, book, timeout=45, context=f"seed {seed}:")
    sizes = [len(request.body) for request in door.seen()]
    assert sizes[0] > largest and min(sizes) <= largest, sizes
    assert len(sizes) < 60, sizes


@pytest.mark.parametrize("status,code", [(400, "bad_digest"), (400, "malformed"), (422, "malformed")])
def test_a_batch_that_is_called_bad_is_checked_and_sent_again(doored, seed, status, code):
    """A refusal of good bytes (a broken box in between) costs no event."""
    aggregator, collector, door = doored
    door.script = first(1, Answer(status, {"code": code, "message": "so it seemed"}))
    book = send(aggregator, collector, seed)
    oracle.check(aggregator, book, timeout=40, context=f"{status} {code}, seed {seed}:")


def test_a_world_that_refuses_everything_is_not_quarantined(doored, seed):
    """The breaker of B4: a bad deploy answers 400 to all; most events have to stay."""
    aggregator, collector, door = doored
    door.script = always(Answer(400, {"code": "malformed", "message": "no"}))
    book = send(aggregator, collector, seed, 3000, 500)
    time.sleep(6)
    door.script = always(PASS)
    collector.restart()
    deadline = time.monotonic() + 45
    while time.monotonic() < deadline:
        there = len(oracle.stored_ids(aggregator))
        if there >= 0.97 * len(book.acknowledged):
            break
        time.sleep(0.3)
    assert there >= 0.97 * len(book.acknowledged), f"{there} of {len(book.acknowledged)}"
    assert max(oracle.stored_ids(aggregator).values()) == 1


def test_409_takes_a_new_epoch_and_sends_again(doored, seed):
    aggregator, collector, door = doored
    book = send(aggregator, collector, seed, 50)
    oracle.check(aggregator, book, timeout=20)
    refused = []

    def script(request):
        if request.path == "/v1/batches" and not refused:
            refused.append(request)
            return Answer(409, {"code": "epoch_forked", "message": "another digest is known"})
        return PASS

    door.script = script
    book = send(aggregator, collector, seed + 1, 300, book=book)
    oracle.check(aggregator, book, timeout=40, context=f"seed {seed}:")
    later = [r.body for r in door.seen() if r.at > refused[0].at]
    assert refused[0].body not in later, "the refused bytes were sent again under the old epoch"


def test_statuses_at_random_lose_and_double_nothing(doored, seed):
    """Everything that passes by itself, mixed, and the answer sometimes lost after the commit."""
    from harness.aggregator_stub import CUT, LOSE_ANSWER
    aggregator, collector, door = doored
    randomness = random.Random(seed)
    faults = [Answer(500, {"code": "x"}), Answer(503, {"code": "x"}), Answer(502, b"<html>"),
              Answer(429, {"code": "x"}, {"Retry-After": "0"}), Answer(200, b"<html>"), CUT,
              LOSE_ANSWER, Answer(504, b""), Answer(0, raw=b"HTTP/1.1 200")]
    door.script = lambda r: randomness.choice(faults) \
        if r.path == "/v1/batches" and randomness.random() < 0.5 else PASS
    book = Book()
    for round in range(8):
        send(aggregator, collector, seed + round, 60, 7, book=book)
        time.sleep(0.5)
    door.script = always(PASS)
    oracle.check(aggregator, book, timeout=75, context=f"seed {seed}:")
