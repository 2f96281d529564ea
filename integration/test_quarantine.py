"""The command `quarantine`: what was set aside can be looked at, whether the collector runs or not.

About 10 s.
"""

import json
import random

import pytest

from harness.aggregator_stub import PASS, Answer, Door
from harness.certificates import find_server_pair
from harness.client import wait_for
from harness.load import Book, make_event, post_events
from harness.programs import run_tool
from harness.uuid7 import UUID7Source

GAP_REASON = 124  # Docs/formats/batch.md


def command(collector, *words):
    name, *operands = words
    return run_tool("tributary-collector", "quarantine", name, *operands, "--data", collector.data,
                    timeout=20)


def listed(collector):
    done = command(collector, "list")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def refused(house, seed):
    """(collector, events): three events that the aggregator calls malformed, whatever is done."""
    aggregator = house.aggregator()
    door = Door(*find_server_pair(aggregator.data, port=aggregator.tls_port),
                upstream=("127.0.0.1", aggregator.tls_port))
    house.on_close(door.close)
    collector = house.collector(aggregator, url=door.url)
    # Batches that tell of gaps, which have a reason in their header, pass.
    door.script = lambda request: PASS \
        if request.path != "/v1/batches" or request.body[GAP_REASON] \
        else Answer(422, {"code": "malformed", "message": "no"})
    randomness, ids = random.Random(seed), UUID7Source(seed)
    events = [make_event(ids, randomness) for _ in range(3)]
    post_events(collector.host, collector.port, aggregator.write_key, events, Book(), 3)
    wait_for(lambda: len(listed(collector)) == 3, 30, what="three events in the quarantine")
    return collector, events


def check(collector, events):
    rows = listed(collector)
    assert [row["sequence"] for row in rows] == [1, 2, 3]
    assert all(row["is_intact"] and row["reason"] == "malformed" for row in rows), rows
    for row, event in zip(rows, events):
        done = command(collector, "show", str(row["id"]))
        assert done.returncode == 0, done.stderr
        shown = json.loads(done.stdout)
        assert shown["event"]["event_id"] == event["event_id"]
        assert len(shown["record"]) == 2 * shown["bytes"] == 2 * row["bytes"]
    done = command(collector, "show", "4711")
    assert done.returncode == 1 and done.stderr and not done.stdout


def test_the_quarantine_can_be_read_while_the_collector_runs_and_while_it_does_not(refused):
    collector, events = refused
    check(collector, events)
    collector.terminate()
    check(collector, events)
    collector.start()
    check(collector, events)


def test_wrong_calls_are_told_and_have_their_exit_code(tmp_path):
    for words, code in ((("show",), 64), (("show", "x"), 64), (("show", "1", "2"), 64),
                        (("list", "--nonsense"), 64), (("nonsense",), 64), (("list",), 66)):
        done = run_tool("tributary-collector", "quarantine", *words, "--data", tmp_path, timeout=20)
        assert done.returncode == code, (words, done)
        assert done.stderr and not done.stdout
    for words in (("--help",), ("list", "--help"), ("show", "--help")):
        done = run_tool("tributary-collector", "quarantine", *words)
        assert done.returncode == 0 and "quarantine" in done.stdout
