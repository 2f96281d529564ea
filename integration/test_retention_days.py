"""A project that keeps its events for some days: what is older goes, and does not come back.

About 75 s: a running aggregator looks once a minute.
"""

import json
import random
import sqlite3
import time

from harness import oracle
from harness.client import wait_for
from harness.load import Book, make_event, post_events
from harness.programs import metric, run_tool
from harness.uuid7 import UUID7Source

DAY = 86_400_000


def project_set(aggregator, *what):
    return run_tool("tributary-aggregator", "project", "set", aggregator.project, *what,
                    "--data", aggregator.data)


def test_old_events_go_and_late_copies_are_refused(house, seed):
    aggregator = house.aggregator(start=False)
    aggregator.environment = aggregator.environment | {"TRIBUTARY_HOT__SEAL_EVENTS": "150"}
    aggregator.start()
    randomness, ids, book = random.Random(seed), UUID7Source(seed), Book()
    now = time.time_ns() // 1_000_000

    def post(events):
        post_events("127.0.0.1", aggregator.port, aggregator.write_key, events, book)
        return {event["event_id"] for event in events}

    old = [make_event(ids, randomness, cts=now - randomness.randrange(22, 200) * DAY)
           for _ in range(200)]
    gone, kept = post(old), set()

    def is_sealed():
        # What is hot when the days are set goes later: all that is old has to be in packs.
        kept.update(post([make_event(ids, randomness, cts=now - randomness.randrange(20) * DAY)
                          for _ in range(100)]))
        time.sleep(0.3)
        return (metric(aggregator.metrics(), "tributary_sealed_events") or 0) >= 200

    wait_for(is_sealed, 60, what="the old events to be sealed")
    assert oracle.total(aggregator) == len(gone | kept)

    assert project_set(aggregator).returncode != 0
    for wrong in ["0", "a year", "40000"]:
        done = project_set(aggregator, "--retention-days", wrong)
        assert done.returncode != 0 and done.stderr, wrong
    done = project_set(aggregator, "--retention-days", "20")
    assert done.returncode == 0 and '"retention_days":"20"' in done.stdout.replace(" ", ""), done

    wait_for(lambda: oracle.total(aggregator) == len(kept), 100, 0.5, "the old events to go")
    assert set(oracle.stored_ids(aggregator)) == kept

    def refused(events):
        answer = aggregator.post("/api/v1/events", json.dumps(events).encode(),
                                 headers={"Content-Type": "application/json"})
        assert answer.status == 400, answer
        assert {(item["index"], item["code"]) for item in answer.json()["rejected"]} == \
            {(index, "expired") for index in range(len(events))}

    refused(old)
    assert oracle.total(aggregator) == len(kept)
    aggregator.restart()
    refused(old[:100])
    assert set(oracle.stored_ids(aggregator)) == kept
    # For ever again: what has gone does not come back.
    assert project_set(aggregator, "--retention-days", "none").returncode == 0
    aggregator.terminate()
    with sqlite3.connect(f"{aggregator.data}/store.db") as database:
        codes = dict(database.execute("SELECT code, count(*) FROM dead_letter GROUP BY code"))
    assert codes == {"expired": 300}, codes
