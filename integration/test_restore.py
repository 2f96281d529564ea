"""F25: the aggregator is set back to a backup, and collectors send again what it lacks.

About 40 s.
"""

import random
import sqlite3
import time

import pytest

from harness import oracle
from harness.client import wait_for
from harness.load import Book, Load, make_event, post_events
from harness.programs import metric, run_tool
from harness.uuid7 import UUID7Source
from test_backup import backup, restore


def send(collector, aggregator, book, seed, count):
    ids, randomness = UUID7Source(seed), random.Random(seed)
    events = [make_event(ids, randomness) for _ in range(count)]
    post_events(collector.host, collector.port, aggregator.write_key, events, book, per_request=50)


def shipped(collector):
    return metric(collector.metrics(), "tributary_spool_events") == 0


@pytest.mark.parametrize("is_restarted", [False, True])
def test_collectors_send_again_what_a_restored_store_lacks(house, seed, is_restarted):
    aggregator, collector = house.pair()
    aggregator.terminate()
    aggregator.environment = aggregator.environment | {"TRIBUTARY_HOT__SEAL_EVENTS": "400"}
    aggregator.start()
    book = Book()
    send(collector, aggregator, book, seed, 1_000)
    oracle.check(aggregator, book, timeout=30)
    facts = backup(aggregator, house.path("shelf"))
    assert facts["events"] == 1_000
    # Acknowledged by the first life, and in no backup.
    send(collector, aggregator, book, seed + 1, 1_500)
    oracle.check(aggregator, book, timeout=30)
    wait_for(lambda: shipped(collector), 10, what="everything to be acknowledged")
    aggregator.terminate()
    # These the first life never saw.
    send(collector, aggregator, book, seed + 2, 300)
    if is_restarted:
        collector.kill()
    outcome = restore(house.path("shelf"), aggregator.data, "--replace")
    assert outcome["restored_events"] == 1_000
    aggregator.start()
    if is_restarted:
        collector.start()
    verdict = oracle.check(aggregator, book, timeout=60, context=f"seed {seed}:")
    assert verdict.listed == 2_800
    assert "set back" in collector.log()
    # And all is well again, for both.
    send(collector, aggregator, book, seed + 3, 200)
    oracle.check(aggregator, book, timeout=30)
    wait_for(lambda: shipped(collector), 10, what="everything to be acknowledged")
    wait_for(lambda: collector.get("/health").json()["status"] == "ok", 10, what="health")


def test_kills_while_it_is_sent_again_lose_and_double_nothing(house, seed):
    aggregator, collector = house.pair()
    book, randomness = Book(), random.Random(seed)
    send(collector, aggregator, book, seed, 200)
    oracle.check(aggregator, book, timeout=30)
    backup(aggregator, house.path("shelf"))
    with Load(collector.host, collector.port, aggregator.write_key, threads=2, seed=seed, book=book,
              pause=0.002):
        time.sleep(3)
    oracle.check(aggregator, book, timeout=30)
    aggregator.terminate()
    restore(house.path("shelf"), aggregator.data, "--replace")
    aggregator.start()
    for _ in range(10):
        time.sleep(randomness.random() * 0.3)
        program = randomness.choice([aggregator, collector])
        program.kill()
        program.start()
    oracle.check(aggregator, book, timeout=60, context=f"seed {seed}:")


def test_what_a_collector_no_longer_has_is_a_gap_that_both_name(house, seed):
    aggregator, collector = house.pair(
        environment={"TRIBUTARY_SPOOL__KEEP_ACKNOWLEDGED": "0"})
    book = Book()
    send(collector, aggregator, book, seed, 100)
    oracle.check(aggregator, book, timeout=30)
    backup(aggregator, house.path("shelf"))
    lost = Book()
    send(collector, aggregator, lost, seed + 1, 250)
    wait_for(lambda: oracle.total(aggregator) == 350 and shipped(collector), 30, what="all of it")
    aggregator.terminate()
    restore(house.path("shelf"), aggregator.data, "--replace")
    aggregator.start()
    # An acknowledgement of another life has the collector ask; without any, it hears within minutes.
    send(collector, aggregator, book, seed + 2, 50)
    wait_for(lambda: "what it lacks and is still here" in collector.log(), 30, what="the news")
    oracle.check(aggregator, book, timeout=30)
    wait_for(lambda: shipped(collector), 30, what="everything to be acknowledged")
    aggregator.terminate()
    with sqlite3.connect(f"{aggregator.data}/store.db") as database:
        gaps = database.execute("SELECT first, last FROM gap").fetchall()
    assert gaps == [(101, 350)], gaps


def test_an_aggregator_that_was_replaced_gets_nothing_more(house, seed):
    aggregator, collector = house.pair()
    book = Book()
    send(collector, aggregator, book, seed, 100)
    oracle.check(aggregator, book, timeout=30)
    backup(aggregator, house.path("shelf"))
    aggregator.terminate()
    new = house.keep(aggregator.copied_to(house.path("scratch"), "new"))
    done = run_tool("tributary-aggregator", "restore", "--from", house.path("shelf"), "--data",
                    new.data, "--replace")
    assert done.returncode == 0, done
    new.port, new.tls_port = aggregator.port, aggregator.tls_port
    new.start()
    send(collector, aggregator, book, seed + 1, 100)
    oracle.check(new, book, timeout=30)
    wait_for(lambda: shipped(collector), 30, what="the collector to believe in the new life")
    new.terminate()
    aggregator.start()
    later = Book()
    send(collector, aggregator, later, seed + 2, 100)
    wait_for(lambda: "older_incarnation" in collector.log(), 30, what="the refusal")
    # Whatever the old one has taken, it has not been believed.
    assert not shipped(collector)
    aggregator.terminate()
    new.start()
    book.sent |= later.sent
    book.acknowledged |= later.acknowledged
    oracle.check(new, book, timeout=90)
