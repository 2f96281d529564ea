"""F06: single bits flipped in the spool's files are noticed; what is good still arrives, unchanged.

About 60 s with 30 flips; TRIBUTARY_FLIPS for more.
"""

import os
import random
import shutil
import time

import pytest

from harness import oracle
from harness.client import wait_for
from harness.load import Book, make_event, post_events
from harness.uuid7 import UUID7Source

FLIPS = int(os.environ.get("TRIBUTARY_FLIPS", 30))
EVENTS = 400


def files_below(folder):
    found = []
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            if os.path.isfile(path) and not os.path.islink(path) and os.path.getsize(path) > 0:
                found.append(path)
    return sorted(found)


def spool_files(folder):
    """The files of the spool: SQLite's, and the mark beside them. Not keys, not configuration."""
    chosen = []
    for path in files_below(folder):
        with open(path, "rb") as file:
            head = file.read(16)
        name = os.path.basename(path).lower()
        is_sqlite = head.startswith(b"SQLite format 3") or name.endswith(("-wal", "-journal"))
        if is_sqlite or any(word in name for word in ("mark", "hwm", "water")):
            chosen.append(path)
    return chosen


def flip(path, randomness):
    """Flips one bit, in bytes that hold something where the file has long runs of zeros."""
    with open(path, "r+b") as file:
        data = file.read()
        for _ in range(50):
            offset = randomness.randrange(len(data))
            if data[offset] or randomness.random() < 0.1:
                break
        bit = 1 << randomness.randrange(8)
        file.seek(offset)
        file.write(bytes([data[offset] ^ bit]))
    return f"{os.path.basename(path)} at {offset} of {len(data)}, bit {bit:#04x}"


@pytest.fixture
def stage(house, seed):
    """(aggregator, collector, book): both stopped, all events acknowledged and none shipped.

    The collector is killed, not stopped, so that its WAL still holds the events.
    """
    aggregator, collector = house.pair()
    aggregator.terminate()
    randomness, ids, book = random.Random(seed), UUID7Source(seed), Book()
    events = [make_event(ids, randomness) for _ in range(EVENTS)]
    post_events(collector.host, collector.port, aggregator.write_key, events, book, per_request=10)
    # The high-water mark follows the commits within a second: a log that is cut later than that is
    # missed at the next start.
    time.sleep(1.5)
    collector.kill()
    return aggregator, collector, {event["event_id"]: event for event in events}


def loud(collector):
    """What the collector reported as wrong: its log lines above the ordinary."""
    return [record for record in collector.log_records()
            if str(record.get("level", "")).lower() in ("warn", "warning", "error", "critical", "fatal")
            or "raw" in record]


def test_flipped_bits_are_noticed_and_never_alter_an_event(house, stage, seed):
    aggregator, collector, sent = stage
    randomness = random.Random(seed)
    assert spool_files(collector.data), files_below(collector.data)
    losses = []
    for number in range(FLIPS):
        center = house.keep(aggregator.copied_to(house.path(f"a{number}"), f"aggregator-{number}"))
        edge = house.keep(collector.copied_to(house.path(f"c{number}"), f"collector-{number}"))
        edge.aggregator_url = center.url
        files = spool_files(edge.data)
        # The WAL holds most of the events; every file has its turn.
        what = flip(files[number % len(files)], randomness)
        center.start()
        edge.start(wait=False)
        end = time.monotonic() + 15
        while time.monotonic() < end:
            listed = oracle.stored_ids(center)
            if len(listed) == len(sent):
                break
            if not edge.is_running:
                # It may end once to set a broken file aside, but not for ever.
                assert edge.starts < 4, f"{what}: the collector does not start\n{edge.log_tail()}"
                edge.start(wait=False)
            if loud(edge) and time.monotonic() > end - 13:
                # Damage was reported; what can be saved has arrived when the count stands still.
                time.sleep(1.0)
                if oracle.stored_ids(center) == listed:
                    break
            time.sleep(0.1)
        listed = oracle.stored_ids(center)
        assert listed.keys() <= sent.keys(), f"{what}: an event that nobody sent"
        assert not listed or max(listed.values()) == 1, f"{what}: doubled"
        for event in oracle.stored_events(center):
            original = sent[event["event_id"]]
            assert event["props"] == original["props"] and event["cts"] == original["cts"] \
                and event["event_name"] == original["event_name"], f"{what}: altered"
        missing = len(sent) - len(listed)
        if missing:
            losses.append((what, missing))
            assert loud(edge), f"{what}: {missing} events are gone and nothing was said"
        # Whatever was broken, new events are taken and arrive.
        wait_for(edge.is_ready, 15, what=f"readiness after {what}")
        answer = edge.post("/api/v1/events", {"event_name": "after"}, key=aggregator.write_key)
        assert answer.status == 200, f"{what}: {answer}"
        [fresh] = answer.json()["event_ids"]
        wait_for(lambda: oracle.find(center, fresh), 15, what=f"a new event after {what}")
        edge.kill()
        center.kill()
        for program in (edge, center):
            shutil.rmtree(program.data, ignore_errors=True)
    print(f"{FLIPS} flips, {len(losses)} with loss: {losses}")


@pytest.mark.parametrize("damage", ["truncate wal", "zero page", "cut database", "remove wal"])
def test_larger_damage_never_keeps_the_collector_from_starting(house, stage, seed, damage):
    """F07 in small: what is lost is said, and new events are taken."""
    aggregator, collector, sent = stage
    databases = [p for p in spool_files(collector.data) if not p.endswith(("-wal", "-journal"))
                 and open(p, "rb").read(15) == b"SQLite format 3"]
    wals = [p for p in spool_files(collector.data) if p.endswith("-wal")]
    if damage in ("truncate wal", "remove wal"):
        assert wals, files_below(collector.data)
        for path in wals:
            if damage == "remove wal":
                os.remove(path)
            else:
                os.truncate(path, os.path.getsize(path) // 2)
    else:
        path = max(databases, key=os.path.getsize)
        if damage == "cut database":
            os.truncate(path, max(100, os.path.getsize(path) // 2))
        else:
            with open(path, "r+b") as file:
                file.seek(0 if os.path.getsize(path) <= 4096 else 4096)
                file.write(bytes(4096))
    aggregator.start()
    collector.start(wait=False)
    for _ in range(3):
        time.sleep(1)
        if not collector.is_running:
            collector.start(wait=False)
    wait_for(collector.is_ready, 15, what="readiness after damage")
    answer = collector.post("/api/v1/events", {"event_name": "after"}, key=aggregator.write_key)
    assert answer.status == 200, answer
    wait_for(lambda: oracle.find(aggregator, answer.json()["event_ids"][0]), 20)
    listed = oracle.stored_ids(aggregator)
    assert max(listed.values()) == 1
    if not sent.keys() <= listed.keys():
        assert loud(collector), "events are gone and nothing was said"
