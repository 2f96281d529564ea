"""Backups: made while events come in, killed at random moments, damaged, and restored.

About 60 s with 20 kills of each kind; TRIBUTARY_KILLS=200 on demand.
"""

import json
import os
import random
import shutil
import subprocess
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from harness import oracle
from harness.client import Connection, wait_for
from harness.load import Book, make_event, post_events
from harness.programs import Aggregator, binary, inherited, metric, run_tool
from harness.uuid7 import UUID7Source

KILLS = int(os.environ.get("TRIBUTARY_KILLS", 20))
SEALED_AT = {"TRIBUTARY_HOT__SEAL_EVENTS": "2000"}


@pytest.fixture
def shelf(house):
    """A folder for backups on another file system than the data, where there is one: packs are copied."""
    other = "/dev/shm" if os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK) else None
    folder = tempfile.mkdtemp(prefix="tributary-backup-", dir=other)
    house.on_close(lambda: shutil.rmtree(folder, ignore_errors=True))
    return os.path.join(folder, "backups")


def backup(aggregator, shelf, *more, code=0):
    done = run_tool("tributary-aggregator", "backup", "--data", aggregator.data, "--to", shelf,
                    "--json", *more)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout) if code == 0 else done.stderr


def verify(path, code=0):
    done = run_tool("tributary-aggregator", "backup", "verify", path, "--json")
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout) if code == 0 else done.stderr


def restore(path, data, *more, code=0):
    done = run_tool("tributary-aggregator", "restore", "--from", path, "--data", data, "--json", *more)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout) if code == 0 else done.stderr


def restored(house, aggregator, path, name):
    """A second aggregator over what a backup holds, on other ports."""
    data = house.path(name)
    facts = restore(path, data)
    other = house.keep(Aggregator(data, os.path.dirname(aggregator.log_path), name))
    other.secrets = dict(aggregator.secrets)
    return other.start(), facts


def fill(aggregator, seed, count=10_000):
    """Events that are there before anything else happens, sealed in part."""
    book, ids, randomness = Book(), UUID7Source(seed), random.Random(seed)
    events = [make_event(ids, randomness) for _ in range(count)]
    post_events("127.0.0.1", aggregator.port, aggregator.write_key, events, book, per_request=500)
    return book


class Stream:
    """Connections that each send one array after the other, and remember their order."""

    def __init__(self, aggregator, seed, threads=4, rate=5_000, per_request=50):
        self.aggregator, self.stopping = aggregator, threading.Event()
        self.sent = [[] for _ in range(threads)]
        self.acknowledged = [0] * threads
        self.delays = []
        self.errors = []
        self.pause = threads * per_request / rate
        self.per_request = per_request
        self.threads = [threading.Thread(target=self.run, args=(n, seed), daemon=True)
                        for n in range(threads)]

    def run(self, number, seed):
        try:
            ids, randomness = UUID7Source(seed * 100 + number), random.Random(seed * 100 + number)
            due = time.monotonic()
            with Connection("127.0.0.1", self.aggregator.port, timeout=30) as connection:
                while not self.stopping.is_set():
                    events = [make_event(ids, randomness) for _ in range(self.per_request)]
                    self.sent[number].append([event["event_id"] for event in events])
                    began = time.monotonic()
                    answer = connection.request(
                        "POST", "/api/v1/events", events, {"X-API-Key": self.aggregator.write_key})
                    assert answer.status == 200, answer
                    self.acknowledged[number] += 1
                    self.delays.append((began, time.monotonic() - began))
                    due = max(due + self.pause, time.monotonic() - 0.2)
                    time.sleep(max(0, due - time.monotonic()))
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.errors.append(error)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join(30)
        assert not self.errors, self.errors

    def slowest(self, since, until):
        during = sorted(delay for began, delay in self.delays if since <= began <= until)
        return (during[len(during) // 2], during[-1]) if during else (0, 0)


def sealing_aggregator(house):
    aggregator = house.aggregator(start=False)
    aggregator.environment = aggregator.environment | SEALED_AT
    return aggregator.start()


def test_a_backup_under_load_is_a_prefix_of_what_was_taken(house, shelf, seed):
    aggregator = sealing_aggregator(house)
    before = fill(aggregator, seed)
    with Stream(aggregator, seed) as stream:
        time.sleep(2)
        known = list(stream.acknowledged)
        began = time.monotonic()
        facts = backup(aggregator, shelf)
        ended = time.monotonic()
        time.sleep(1)
    rest = stream.slowest(began - 2, began), stream.slowest(began, ended)
    print(f"backup of {facts['events']} events, {facts['bytes']} bytes in {ended - began:.2f} s; "
          f"median and slowest answer before {rest[0]}, meanwhile {rest[1]}")
    assert rest[1][1] < 2, rest
    assert verify(shelf)["name"] == facts["name"]
    other, outcome = restored(house, aggregator, shelf, "restored")
    assert outcome["restored_events"] == facts["events"]
    stored = oracle.stored_ids(other)
    assert max(stored.values()) == 1
    assert before.acknowledged <= stored.keys()
    taken = set(before.acknowledged)
    for number, requests in enumerate(stream.sent):
        present = [set(ids) <= stored.keys() for ids in requests]
        length = sum(present)
        # A prefix, whole requests, and all of what was acknowledged when the backup began.
        assert present == [True] * length + [False] * (len(present) - length)
        assert length >= known[number], (number, length, known)
        taken |= {id for ids in requests[:length] for id in ids}
    assert stored.keys() == taken
    assert oracle.total(other) == len(taken) == facts["events"]


def test_packs_are_copied_once_and_old_backups_go(house, shelf, seed):
    aggregator = sealing_aggregator(house)
    fill(aggregator, seed, 5_000)
    first = backup(aggregator, shelf)
    assert first["packs"] >= 1 and first["copied_bytes"] > 0
    pool = Path(shelf) / "packs"
    times = {pack.name: pack.stat().st_mtime_ns for pack in pool.iterdir()}
    fill(aggregator, seed + 1, 3_000)
    second = backup(aggregator, shelf)
    assert {pack.name: pack.stat().st_mtime_ns for pack in pool.iterdir() if pack.name in times} == times
    assert second["events"] == 8_000
    third = backup(aggregator, shelf, "--keep", "2")
    names = sorted(p.name for p in Path(shelf).iterdir() if p.is_dir() and p.name != "packs")
    assert names == [second["name"], third["name"]]
    verify(os.path.join(shelf, second["name"]))
    # The running program says when it made its last one.
    assert metric(aggregator.metrics(), "tributary_backup_age_seconds") < 60
    assert third["name"] in str(aggregator.ask("/health").json())
    # Without a running program the same command reads the files itself.
    aggregator.terminate()
    fourth = backup(aggregator, shelf)
    assert fourth["events"] == 8_000 and fourth["incarnation"] == third["incarnation"]
    # On the file system of the data packs are linked: nothing of them is copied.
    near = house.path("near")
    linked = backup(aggregator, near)
    pack = next((Path(near) / "packs").iterdir())
    assert pack.stat().st_nlink == 2 and linked["events"] == 8_000
    restored(house, aggregator, near, "from-links")
    assert pack.stat().st_nlink == 2


def test_a_schedule_makes_backups_and_names_one_that_fails(house, shelf, seed):
    aggregator = house.aggregator(start=False)
    aggregator.environment = aggregator.environment | {
        "TRIBUTARY_BACKUP__TO": shelf, "TRIBUTARY_BACKUP__EVERY": "1s", "TRIBUTARY_BACKUP__KEEP": "2"}
    aggregator.start()
    fill(aggregator, seed, 500)
    made = lambda: [p for p in Path(shelf).glob("2*Z") if (p / "manifest.json").exists()]  # noqa: E731
    wait_for(lambda: len(made()) == 2 and verify(shelf)["events"] == 500, 20, what="two backups")
    aggregator.terminate()
    # Where the folder should be stands a file: no backup can be made.
    blocked = house.path("blocked")
    Path(blocked).write_text("no folder")
    aggregator.environment = aggregator.environment | {"TRIBUTARY_BACKUP__TO": blocked}
    aggregator.start()
    wait_for(lambda: "was not made" in str(aggregator.ask("/health").json()), 10, what="the failure")
    assert metric(aggregator.metrics(), "tributary_backup_failures_total") >= 1
    assert aggregator.ask("/health/ready").status == 200


def test_kills_during_a_backup_leave_no_half_one(house, shelf, seed):
    aggregator = sealing_aggregator(house)
    fill(aggregator, seed, 4_000)
    randomness = random.Random(seed)
    began = time.monotonic()
    good = backup(aggregator, shelf)
    span = (time.monotonic() - began) * 1.2
    partial = 0
    for turn in range(KILLS):
        fill(aggregator, seed + 100 + turn, 400)
        process = subprocess.Popen(
            [binary("tributary-aggregator"), "backup", "--data", aggregator.data, "--to", shelf],
            env=inherited(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(randomness.random() * span)
        aggregator.kill()
        assert process.wait(10) in (0, 69, 75)
        partial += any(p.name.endswith(".partial") for p in Path(shelf).iterdir())
        newest = verify(shelf)
        assert newest["name"] >= good["name"] and newest["events"] >= good["events"]
        good = newest
        for half in Path(shelf).glob("*.partial"):
            assert "never became whole" in verify(half, code=66)
        aggregator.start()
    last = backup(aggregator, shelf)
    assert last["events"] == 4_000 + 400 * KILLS == verify(shelf)["events"]
    assert not list(Path(shelf).glob("*.partial"))
    print(f"{KILLS} kills, {partial} of them left a half backup")


def test_kills_during_a_restore_leave_nothing_that_serves(house, shelf, seed):
    aggregator = sealing_aggregator(house)
    fill(aggregator, seed, 6_000)
    backup(aggregator, shelf)
    aggregator.terminate()
    data = house.path("restored")
    began = time.monotonic()
    restore(shelf, house.path("first"))
    span = (time.monotonic() - began) * 1.1
    randomness = random.Random(seed)
    halves = 0
    for turn in range(KILLS):
        process = subprocess.Popen(
            [binary("tributary-aggregator"), "restore", "--from", shelf, "--data", data],
            env=inherited(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(randomness.random() * span)
        process.kill()
        process.wait()
        if process.returncode == 0 or not os.path.exists(data):
            shutil.rmtree(data, ignore_errors=True)
            continue
        if os.path.exists(os.path.join(data, "restore.unfinished")):
            halves += 1
            done = run_tool("tributary-aggregator", "run", "--data", data, "--listen", "127.0.0.1:0",
                            "--tls", "127.0.0.1:0", timeout=20)
            assert done.returncode == 78 and "run it again" in done.stderr, done
            done = run_tool("tributary-aggregator", "init", "--data", data)
            assert done.returncode != 0
    if os.path.exists(data) and not os.path.exists(os.path.join(data, "restore.unfinished")):
        shutil.rmtree(data)
    assert restore(shelf, data)["restored_events"] == 6_000
    print(f"{KILLS} kills, {halves} of them left a half restore")


def test_a_flipped_bit_is_found_by_verify_and_by_restore(house, shelf, seed):
    aggregator = sealing_aggregator(house)
    fill(aggregator, seed, 3_000)
    name = backup(aggregator, shelf)["name"]
    randomness = random.Random(seed)
    files = sorted((Path(shelf) / name).iterdir()) + sorted((Path(shelf) / "packs").iterdir())
    assert len(files) >= 8
    for file in files:
        for _ in range(3):
            good = file.read_bytes()
            place = randomness.randrange(len(good))
            bad = bytearray(good)
            bad[place] ^= 1 << randomness.randrange(8)
            file.write_bytes(bad)
            text = verify(os.path.join(shelf, name), code=65)
            assert file.name in text, (file, place, text)
            assert file.name in restore(os.path.join(shelf, name), house.path("nothing"), code=65)
            assert not os.path.exists(house.path("nothing"))
            file.write_bytes(good)
        file.rename(file.with_suffix(".away"))
        run = run_tool("tributary-aggregator", "backup", "verify", os.path.join(shelf, name))
        assert run.returncode in (65, 66), run
        file.with_suffix(".away").rename(file)
    verify(shelf)


def test_a_full_target_is_named_and_leaves_nothing(house, seed, tmp_path):
    target = tmp_path / "small"
    target.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(target)],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"cannot mount a tmpfs here: {done.stderr.strip()}")
    house.on_close(lambda: subprocess.run(["umount", "-l", str(target)], check=False))
    aggregator = sealing_aggregator(house)
    fill(aggregator, seed, 200)
    small = backup(aggregator, target / "shelf")
    filler = target / "filler"
    filler.write_bytes(bytes(os.statvfs(target).f_bavail * os.statvfs(target).f_frsize - (64 << 10)))
    fill(aggregator, seed + 1, 1_000)
    assert "there is no room for it" in backup(aggregator, target / "shelf", code=74)
    assert "was not made: there is no room" in str(aggregator.ask("/health").json())
    # What was there is as it was, nothing half made takes room, and intake goes on.
    assert verify(target / "shelf")["name"] == small["name"]
    assert not list((target / "shelf").glob("*.partial"))
    fill(aggregator, seed + 2, 100)
    filler.unlink()
    assert backup(aggregator, target / "shelf")["events"] == 1_300
    assert "was not made" not in str(aggregator.ask("/health").json())


def test_what_is_in_the_way_is_refused_or_moved_aside(house, shelf, seed):
    aggregator = sealing_aggregator(house)
    fill(aggregator, seed, 1_000)
    assert "no whole backup" in verify(house.folder, code=66)
    assert "is no folder" in verify(house.path("nowhere"), code=66)
    facts = backup(aggregator, shelf)
    assert "not empty" in restore(shelf, aggregator.data, code=1)
    # Not under a running aggregator either.
    assert "cannot be had" in restore(shelf, aggregator.data, "--replace", code=75)
    stranger = house.aggregator("stranger")
    assert "backups of the store" in backup(stranger, shelf, code=65)
    aggregator.terminate()
    # A backup is no data folder: nothing serves from it, or changes it.
    done = run_tool("tributary-aggregator", "run", "--data", os.path.join(shelf, facts["name"]),
                    timeout=20)
    assert done.returncode == 78 and "restore --from" in done.stderr, done
    outcome = restore(shelf, aggregator.data, "--replace")
    assert outcome["new_incarnation"] > facts["incarnation"]
    assert os.path.exists(os.path.join(outcome["moved_aside"], "store.db"))
    aggregator.start()
    assert oracle.total(aggregator) == 1_000
    # Each life is later than those before it.
    again = backup(aggregator, shelf)
    assert again["incarnation"] == outcome["new_incarnation"]
    aggregator.terminate()
    third = restore(os.path.join(shelf, facts["name"]), aggregator.data, "--replace")
    assert third["new_incarnation"] > outcome["new_incarnation"]
