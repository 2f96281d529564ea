"""S6 on the aggregator: syncs that fail or are slow, and what the program makes of it. About 15 s."""

import os
import random
import threading
import time

import pytest

from harness import oracle
from harness.client import BadResponse, wait_for
from harness.load import Book, Load, make_event, post_events
from harness.programs import metric
from harness.sick_disk import SickDisk
from harness.uuid7 import UUID7Source


@pytest.fixture
def sick(house, tmp_path):
    """(aggregator, disk): a running aggregator on a disk that can be made ill."""
    disk = SickDisk(tmp_path)
    return house.aggregator(environment=disk.environment), disk


def post_one(aggregator):
    return aggregator.post("/api/v1/events", {"event_name": "x"})


def fail_once(aggregator, disk):
    """Has the disk fail under a request, waits for the end, and returns the request's status."""
    disk.fail()
    try:
        status = post_one(aggregator).status
    except (OSError, BadResponse):
        status = None
    assert aggregator.process.wait(10) == 74, aggregator.log_tail()
    disk.be_well()
    return status


def test_a_failed_sync_ends_the_program_and_is_answered_with_503(sick, seed):
    aggregator, disk = sick
    book, ids, randomness = Book(), UUID7Source(seed), random.Random(seed)
    events = [make_event(ids, randomness) for _ in range(20)]
    post_events("127.0.0.1", aggregator.port, aggregator.write_key, events, book)
    assert fail_once(aggregator, disk) == 503
    aggregator.start()
    # The request that was refused may be there or not; nothing else has changed.
    listed = oracle.stored_ids(aggregator)
    assert book.acknowledged <= listed.keys() and len(listed) <= 21 and max(listed.values()) == 1
    assert post_one(aggregator).status == 200


def test_after_the_third_failure_questions_are_answered_and_intake_is_refused(sick, house, seed):
    aggregator, disk = sick
    collector = house.collector(aggregator)
    book = Book()
    with Load("127.0.0.1", aggregator.port, aggregator.write_key, threads=1, seed=seed, book=book):
        time.sleep(0.3)
    for failure in range(3):
        assert aggregator.get("/health").json()["dependencies"]["intake"]["status"] == "ok"
        assert metric(aggregator.metrics(), "tributary_failed_ends") == failure
        fail_once(aggregator, disk)
        aggregator.start()

    def is_shut():
        for path in ("/health", "/api/v1/health"):
            health = aggregator.get(path)
            part = health.json()["dependencies"]["intake"]
            assert health.status == 200 and health.json()["status"] == "degraded", health
            assert part["status"] == "degraded" and "failed 3 times" in part["detail"], part
        refusal = post_one(aggregator)
        assert refusal.status == 503 and refusal.json()["code"] == "intake_paused", refusal
        assert 1 <= int(refusal.headers["retry-after"]) <= 15
        metrics = aggregator.metrics()
        assert metric(metrics, "tributary_intake_paused") == 1
        assert metric(metrics, "tributary_failed_ends") == 3
        assert book.acknowledged <= oracle.stored_ids(aggregator).keys()

    is_shut()
    # The collector keeps what comes meanwhile.
    assert collector.post("/api/v1/events", {"event_name": "kept"},
                          key=aggregator.write_key).status == 200
    before = oracle.total(aggregator)
    # Neither a kill nor an ordinary restart within the ten minutes opens it.
    aggregator.kill()
    aggregator.start()
    is_shut()
    aggregator.restart()
    is_shut()
    assert oracle.total(aggregator) == before
    # Whoever has mended the disk and does not want to wait takes the record away.
    aggregator.terminate()
    os.remove(os.path.join(aggregator.data, "failures"))
    aggregator.start()
    assert post_one(aggregator).status == 200
    assert aggregator.get("/health").json()["dependencies"]["intake"]["status"] == "ok"
    wait_for(lambda: oracle.total(aggregator) == before + 2, 30, what="what the collector kept")


def test_kills_are_no_failures_of_the_disk(sick):
    aggregator, _ = sick
    for _ in range(5):
        assert post_one(aggregator).status == 200
        aggregator.kill()
        aggregator.start()
    assert post_one(aggregator).status == 200
    assert metric(aggregator.metrics(), "tributary_failed_ends") == 0


def test_more_than_may_wait_for_a_slow_disk_is_told_to_come_again(sick, seed):
    aggregator, disk = sick
    aggregator.terminate()
    aggregator.extra_arguments = ["--set", "store.max_waiting=16"]
    aggregator.start()
    disk.be_slow(400)
    answers, lock = [], threading.Lock()

    def client():
        for _ in range(3):
            answer = post_one(aggregator)
            with lock:
                answers.append(answer)

    clients = [threading.Thread(target=client) for _ in range(64)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    disk.be_well()
    taken = [answer for answer in answers if answer.status == 200]
    refused = [answer for answer in answers if answer.status != 200]
    assert taken and refused and len(answers) == 192
    for answer in refused:
        assert answer.status == 503 and answer.json()["code"] == "store_busy", answer
        assert int(answer.headers["retry-after"]) >= 1
    assert metric(aggregator.metrics(), "tributary_store_busy_total") == len(refused)
    assert oracle.total(aggregator) == len(taken)
    assert post_one(aggregator).status == 200
