"""F10: the disk fills under load; what was acknowledged is neither lost nor doubled.

Runs on a small tmpfs. Healing without a hand comes with the collector's own issue: here a program
that ended is started again. About 50 s.
"""

import os
import subprocess
import time

import pytest

from harness import oracle
from harness.client import request, wait_for
from harness.load import Load
from harness.programs import metric


@pytest.fixture
def small_disk(tmp_path):
    """A tmpfs of its own; skipped only where mounting is not permitted."""
    mounted = []

    def make(name, megabytes):
        folder = tmp_path / name
        folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)],
            capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"cannot mount a tmpfs here: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield make
    for folder in reversed(mounted):
        subprocess.run(["umount", "-l", str(folder)], check=False)


def fill(folder, leave=0):
    """Takes all space but `leave` bytes with a file of nothing."""
    path = os.path.join(folder, "filler")
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        while True:
            state = os.statvfs(folder)
            free = state.f_bavail * state.f_frsize - leave
            if free <= 0:
                break
            try:
                os.write(descriptor, bytes(min(free, 1 << 20)))
            except OSError:
                break
    finally:
        os.close(descriptor)
    return path


def keep_running(program):
    if not program.is_running:
        program.start(wait=False)


def test_the_collectors_full_disk_is_answered_and_loses_nothing(house, small_disk, seed):
    disk = small_disk("collector-disk", 384)
    aggregator = house.aggregator()
    collector = house.collector(aggregator, data=str(disk / "data"))
    with Load(collector.host, collector.port, aggregator.write_key, threads=3, seed=seed,
              pause=0.002, timeout=5, size=1500) as load:
        time.sleep(0.5)
        aggregator.terminate()  # Now the spool can only grow.
        time.sleep(0.3)
        filler = fill(disk, leave=200_000)
        # A reserve may stand behind the first shortage; take that too.
        end = time.monotonic() + 12
        while time.monotonic() < end:
            fill(disk)
            keep_running(collector)
            time.sleep(0.2)
            if load.book.statuses.get(503, 0) + load.book.statuses.get(507, 0) >= 20:
                break
        refused = {status: n for status, n in load.book.statuses.items() if status != 200}
        assert refused or load.book.failures, "a full disk was never noticed"
        assert set(refused) <= {429, 503}, refused
        os.remove(filler)
        keep_running(collector)
        aggregator.start()
        before = len(load.book.acknowledged)
        end = time.monotonic() + 20
        while len(load.book.acknowledged) < before + 50 and time.monotonic() < end:
            keep_running(collector)
            time.sleep(0.1)
    assert len(load.book.acknowledged) >= before + 50, "no intake after space came back"
    keep_running(collector)
    oracle.check(aggregator, load.book, timeout=60, context=f"seed {seed}:")


def test_the_aggregators_full_disk_refuses_intake_and_keeps_answering(house, small_disk, seed):
    disk = small_disk("aggregator-disk", 384)
    aggregator = house.aggregator(data=str(disk / "data"))
    collector = house.collector(aggregator)
    with Load("127.0.0.1", aggregator.port, aggregator.write_key, threads=2, seed=seed,
              pause=0.002, timeout=5, size=1500) as direct, \
         Load(collector.host, collector.port, aggregator.write_key, threads=1, seed=seed + 1,
              book=direct.book, pause=0.01):
        time.sleep(0.5)
        filler = fill(disk, leave=200_000)
        end = time.monotonic() + 12
        while time.monotonic() < end:
            fill(disk)
            keep_running(aggregator)
            time.sleep(0.2)
            if direct.book.statuses.get(503, 0) >= 20:
                break
        assert direct.book.statuses.get(503, 0) or direct.book.failures
        if aggregator.is_running:
            answer = wait_for(lambda: aggregator.ask("/api/v1/events/stats"), 5)
            assert answer.status == 200, answer
        os.remove(filler)
        if aggregator.is_running:
            aggregator.terminate()
        aggregator.start()
        time.sleep(1.5)
    oracle.check(aggregator, direct.book, timeout=60, context=f"seed {seed}:")


def test_the_aggregator_takes_events_again_by_itself_when_there_is_room(house, small_disk, seed):
    """S7: refused before the disk is full, named in health, alive and startable on a full disk."""
    disk = small_disk("aggregator-disk", 256)
    aggregator = house.aggregator(data=str(disk / "data"))
    collector = house.collector(aggregator)
    ballast = os.path.join(aggregator.data, "store.ballast")
    assert os.path.getsize(ballast) == 16 << 20

    def part():
        health = aggregator.get("/api/v1/health")
        assert health.status == 200, health
        return health.json()["dependencies"]["disk"]

    def post():
        return aggregator.post("/api/v1/events", {"event_name": "x"})

    def is_shut():
        refusal = post()
        assert refusal.status == 503 and refusal.json()["code"] == "disk_full", refusal
        assert int(refusal.headers["retry-after"]) >= 1
        assert part()["status"] == "degraded" and "free" in part()["detail"], part()
        state = os.statvfs(disk)
        wait_for(lambda: abs(metric(aggregator.metrics(), "tributary_disk_free_bytes")
                             - state.f_bavail * state.f_frsize) < 4 << 20, 3, what="the figure")
        assert aggregator.ask("/api/v1/events/stats").status == 200

    assert part() == {"status": "ok"}
    with Load("127.0.0.1", aggregator.port, aggregator.write_key, threads=1, seed=seed,
              pause=0.005) as load:
        time.sleep(0.5)
        filler = fill(disk, leave=30 << 20)
        wait_for(lambda: part()["status"] == "degraded", 5, what="health to notice")
    book = load.book
    assert set(book.statuses) <= {200, 503}, book.counts()
    is_shut()
    kept = collector.post("/api/v1/events", {"event_name": "kept"}, key=aggregator.write_key)
    assert kept.status == 200

    # Not a byte is left, and the ballast goes.
    fill(disk)
    wait_for(lambda: part() and not os.path.exists(ballast), 5, what="the ballast to go")
    is_shut()
    for _ in range(2):
        aggregator.kill()
        aggregator.start()
        is_shut()

    os.remove(filler)
    wait_for(lambda: post().status == 200, 5, what="intake after there is room")
    assert part() == {"status": "ok"} and os.path.exists(ballast)
    [one] = kept.json()["event_ids"]
    wait_for(lambda: oracle.find(aggregator, one), 60, what="what the collector kept")
    assert book.acknowledged <= oracle.stored_ids(aggregator).keys()
    assert aggregator.terminate() == 0


def test_the_configured_bound_is_a_503_with_a_pause_and_a_way_back(house, seed):
    """`spool.max_bytes`: our own cap comes before the disk's, and a drain opens intake again."""
    aggregator = house.aggregator()
    collector = house.collector(aggregator, start=False)
    collector.extra_arguments = ["--set", "spool.max_bytes=64MiB"]
    collector.start()
    aggregator.terminate()
    with Load(collector.host, collector.port, aggregator.write_key, threads=2, seed=seed,
              size=30_000, giving_up=1, modes=("array",)) as load:
        wait_for(lambda: load.book.statuses.get(503, 0) >= 10, 45, what="503 at the cap")
        refusal = collector.post("/api/v1/events", {"event_name": "x"}, key=aggregator.write_key)
    assert set(load.book.statuses) == {200, 503}
    assert refusal.status == 503 and int(refusal.headers["retry-after"]) >= 1, refusal
    assert refusal.json()["code"]
    folder = sum(os.path.getsize(os.path.join(root, name))
                 for root, _, names in os.walk(collector.data) for name in names
                 if "ballast" not in name)
    assert folder < 192 << 20, f"{folder} bytes on disk under a cap of 64 MiB"
    aggregator.start()
    oracle.check(aggregator, load.book, timeout=60, context=f"seed {seed}:")
    wait_for(lambda: request(collector.host, collector.port, "POST", "/track",
                             {"event_type": "back", "fields": {}},
                             {"X-API-Key": aggregator.write_key}).status == 200, 20,
             what="intake after the drain")
