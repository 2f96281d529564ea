"""`tributary import`: files and standard input, kills, refusals, repeats. About 40 s."""

import json
import os
import random
import signal
import subprocess
import time

import pytest

from harness import oracle
from harness.client import wait_for
from harness.load import make_event
from harness.programs import binary, run_tool
from harness.uuid7 import UUID7Source

LINES = 200_000


def make_events(seed, count, project, named=True):
    ids, randomness = UUID7Source(seed), random.Random(seed)
    events = []
    for _ in range(count):
        event = make_event(ids, randomness, project, time.time_ns() // 1_000_000 -
                           randomness.randrange(30 * 86_400_000))
        if not named:
            del event["event_id"]
        events.append(event)
    return events


def write(path, events):
    with open(path, "w") as file:
        for event in events:
            file.write((event if isinstance(event, str) else
                        json.dumps(event, ensure_ascii=False)) + "\n")
    return str(path)


def tool(aggregator, *arguments, data=None, **options):
    done = run_tool("tributary", "import", *arguments, "--data", data or aggregator.data, "--json",
                    timeout=120, **options)
    done.report = json.loads(done.stdout) if done.stdout.startswith("{") else None
    return done


def refusals(done):
    return {entry["code"]: [place["line"] for place in entry["first"]]
            for entry in done.report["refusals"]}


def check(aggregator, ids):
    stored = oracle.stored_ids(aggregator)
    assert set(stored) == set(ids), (len(stored), len(set(ids)))
    assert set(stored.values()) <= {1}
    assert oracle.total(aggregator) == len(set(ids))


@pytest.fixture
def aggregator(house):
    return house.aggregator()


def test_both_killed_in_the_middle_and_run_again(aggregator, tmp_path, seed):
    ids, randomness = UUID7Source(seed), random.Random(seed)
    now = time.time_ns() // 1_000_000
    names = [ids.next(now - number) for number in range(LINES)]
    path = write(tmp_path / "events.ndjson", (
        f'{{"event_id":"{name}","project_id":"{aggregator.project}","event_name":"e{number % 7}",'
        f'"cts":{now - number},"profile_id":"p{number % 1000}","props":{{"n":{number},"text":'
        f'"{"x" * (number % 300)}"}}}}' for number, name in enumerate(names)))
    command = [binary("tributary"), "import", path, "--data", aggregator.data, "--json"]
    halves = []
    for victims in ("tool", "both", "tool", "both", "aggregator"):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        before = oracle.total(aggregator)
        wait_for(lambda: process.poll() is not None or oracle.total(aggregator) > before, 30, 0,
                 "some of it")
        time.sleep(randomness.random() * 0.02)
        if victims != "aggregator":
            process.kill()
        if victims != "tool":
            aggregator.kill()
            aggregator.start()
        # Where only the aggregator fell, it came back within the import's patience.
        out, error = process.communicate(timeout=90)
        if victims == "aggregator":
            assert process.returncode == 0 and json.loads(out)["refused"] == 0, error
        halves.append(oracle.total(aggregator))
    done = tool(aggregator, path)
    assert done.returncode == 0, done.stderr
    assert done.report["lines"] == done.report["duplicates"] + done.report["accepted"]
    assert not os.path.exists(path + ".tributary-import")
    print(f"{halves} of {LINES} after each kill")
    check(aggregator, names)


def test_an_import_that_is_stopped_goes_on_where_it_was(aggregator, tmp_path, seed):
    events = make_events(seed, 20_000, aggregator.project)
    path, pipe = write(tmp_path / "events.ndjson", events), str(tmp_path / "pipe")
    os.mkfifo(pipe)
    # The pipe keeps the import from its end until it is stopped.
    process = subprocess.Popen(
        [binary("tributary"), "import", path, pipe, "--data", aggregator.data, "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    keeper = os.open(pipe, os.O_RDWR)
    try:
        wait_for(lambda: oracle.total(aggregator) == len(events), 60, 0.1, "the file")
        wait_for(lambda: json.load(open(path + ".tributary-import"))["inputs"][0]["lines"] == 20_000,
                 10, 0.1, "the state")
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=20)
    finally:
        os.close(keeper)
    assert process.returncode == 75, error
    assert json.loads(out)["status"] == "stopped"
    # What was added since is all that is read.
    more = make_events(seed + 1, 300, aggregator.project)
    with open(path, "a") as file:
        file.writelines(json.dumps(event) + "\n" for event in more)
    done = tool(aggregator, path, "--resume")
    assert done.returncode == 0, done.stderr
    assert (done.report["lines"], done.report["accepted"]) == (300, 300)
    assert done.report["skipped_bytes"] > 0
    assert tool(aggregator, path, "--resume").returncode == 66
    check(aggregator, [event["event_id"] for event in events + more])


def test_what_is_imported_again_is_counted_once(aggregator, tmp_path, seed):
    """Also without ids in the lines, and by whatever way: a file, a pipe, the routes of clients."""
    named = make_events(seed, 2_000, aggregator.project)
    nameless = make_events(seed + 1, 2_000, None, named=False)
    path = write(tmp_path / "events.ndjson", named + nameless + nameless[:500])
    first = tool(aggregator, path, "--project", aggregator.project)
    assert first.returncode == 0, first.stderr
    assert (first.report["accepted"], first.report["duplicates"]) == (4_500, 0)
    again = tool(aggregator, path, "--project", aggregator.project)
    assert (again.report["accepted"], again.report["duplicates"]) == (0, 4_500)
    with open(path) as lines:
        piped = tool(aggregator, "-", "--project", aggregator.project, stdin=lines)
    assert (piped.report["accepted"], piped.report["duplicates"]) == (0, 4_500)
    by_cat = subprocess.run(
        f"cat {path} | {binary('tributary')} import --data {aggregator.data} --json "
        f"--project {aggregator.project}", shell=True, capture_output=True, text=True, check=False)
    assert json.loads(by_cat.stdout)["duplicates"] == 4_500, by_cat.stderr
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    with subprocess.Popen(["cp", path, pipe]) as writer:
        from_pipe = tool(aggregator, pipe, "--project", aggregator.project)
        assert writer.wait(10) == 0
    assert from_pipe.report["duplicates"] == 4_500, from_pipe.stderr
    key = write(tmp_path / "key", [aggregator.write_key])
    for arguments in (["--aggregator", aggregator.url, "--ca", aggregator.ca_file],
                      ["--aggregator", f"http://127.0.0.1:{aggregator.port}"]):
        done = run_tool("tributary", "import", path, *arguments, "--key-file", key, "--project",
                        aggregator.project, "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["accepted"] == 4_500
    assert oracle.total(aggregator) == 4_500
    assert max(oracle.stored_ids(aggregator).values()) == 1


def test_bad_lines_are_named_and_the_others_are_in(aggregator, tmp_path, seed):
    good = make_events(seed, 3_000, aggregator.project)
    lines = list(good)
    lines[700:700] = ['{"event_name":', "", "[]", '{"project_id":"%s"}' % aggregator.project]
    lines[2500:2500] = [good[0] | {"project_id": "nobody"}, "x" * 70_000,
                        good[0] | {"props": {"a": "y" * 3_000_000}}]
    path, bad = write(tmp_path / "events.ndjson", lines), tmp_path / "bad.ndjson"
    done = tool(aggregator, path, "--rejected", bad)
    assert done.returncode == 1, done.stderr
    assert done.report["refused"] == 6 and done.report["accepted"] == 3_000
    assert refusals(done) == {
        "missing_project": [701], "not_an_object": [703, 2502], "missing_field": [704],
        "unknown_project": [2501], "event_too_large": [2503]}
    # The one that no buffer holds is named, and not copied.
    assert sorted(bad.read_text().splitlines()) == sorted([
        lines[700], "[]", lines[703], json.dumps(lines[2500], ensure_ascii=False), "x" * 70_000])
    text = run_tool("tributary", "import", path, "--data", aggregator.data)
    assert f"{path}:701" in text.stdout and "missing_project" in text.stdout
    check(aggregator, [event["event_id"] for event in good])


def test_two_files_of_several_projects(aggregator, tmp_path, seed):
    done = run_tool("tributary-aggregator", "project", "add", "other", "--data", aggregator.data)
    assert done.returncode == 0, done.stderr
    mine = make_events(seed, 1_500, aggregator.project)
    others = make_events(seed + 1, 1_000, "other")
    mixed = mine + others
    random.Random(seed).shuffle(mixed)
    one, two = write(tmp_path / "one", mixed[:900]), write(tmp_path / "two", mixed[900:])
    done = tool(aggregator, one, two)
    assert done.returncode == 0, done.stderr
    assert done.report["accepted"] == 2_500
    check(aggregator, [event["event_id"] for event in mine])
    # Lines that name another project than the one asked for are refused.
    done = tool(aggregator, one, two, "--project", aggregator.project)
    assert done.returncode == 1
    assert done.report["duplicates"] == 1_500 and done.report["refused"] == 1_000
    assert list(refusals(done)) == ["wrong_project"]


def test_wrong_commands_and_absent_aggregators_are_told_apart(aggregator, tmp_path, seed):
    path = write(tmp_path / "events.ndjson", make_events(seed, 10, aggregator.project))
    key = write(tmp_path / "key", ["wk_nobody"])
    plain = f"http://127.0.0.1:{aggregator.port}"

    def fails(code, words, *arguments):
        done = run_tool("tributary", "import", *arguments)
        assert done.returncode == code and words in done.stderr, (done.returncode, done.stderr)

    fails(64, "--data", path)
    fails(64, "--key-file", path, "--aggregator", plain)
    fails(64, "no id of a project", path, "--data", aggregator.data, "--project", "No Project")
    fails(66, "nowhere", tmp_path / "nowhere", "--data", aggregator.data)
    fails(66, "Is a directory", tmp_path, "--data", aggregator.data)
    fails(77, "key", path, "--aggregator", plain, "--key-file", key)
    aggregator.kill()
    fails(69, "no aggregator is running", path, "--data", aggregator.data)
    fails(69, "tributary-aggregator run", path, "--data", tmp_path / "no-folder")
    fails(75, "cannot be reached", path, "--aggregator", plain, "--key-file", key, "--patience", "1")
