"""`tributary sql`: statements over a running aggregator's events, beside plain Python. About 10 s."""

import collections
import csv
import io
import json
import random
import time

import pytest

from harness.load import make_event
from harness.programs import run_tool
from harness.uuid7 import UUID7Source

EVENTS = 5_000


@pytest.fixture
def filled(house, tmp_path, seed):
    """An aggregator with events, and the events."""
    aggregator = house.aggregator()
    ids, randomness = UUID7Source(seed), random.Random(seed)
    now = time.time_ns() // 1_000_000
    events = [make_event(ids, randomness, aggregator.project,
                         now - randomness.randrange(60 * 86_400_000)) for _ in range(EVENTS)]
    path = tmp_path / "events.ndjson"
    path.write_text("".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events))
    done = run_tool("tributary", "import", str(path), "--data", aggregator.data, "--quiet")
    assert done.returncode == 0, done.stderr
    return aggregator, events


def ask(aggregator, statement, *options, **more):
    return run_tool("tributary", "sql", statement, "--data", aggregator.data, *options, **more)


def rows(aggregator, statement, *options):
    done = ask(aggregator, statement, "--format", "json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["rows"]


def test_answers_are_those_of_the_events(filled):
    aggregator, events = filled
    names = collections.Counter(event["event_name"] for event in events)
    assert rows(aggregator, "SELECT event_name, count(*) FROM events GROUP BY 1") == [
        [name, names[name]] for name in sorted(names)]
    middle = sorted(event["cts"] for event in events)[EVENTS // 2]
    assert rows(aggregator, f"SELECT count(*) FROM events WHERE cts >= {middle}") == [
        [sum(event["cts"] >= middle for event in events)]]
    profile = next(event["profile_id"] for event in events if event.get("profile_id"))
    wanted = sorted(event["event_id"] for event in events if event.get("profile_id") == profile)
    assert rows(aggregator, f"SELECT event_id FROM events WHERE profile_id = '{profile}' "
                "ORDER BY 1") == [[event_id] for event_id in wanted]
    properties = rows(aggregator, "SELECT event_id, props, ctx FROM events")
    found = {row[0]: (json.loads(row[1]), json.loads(row[2])) for row in properties}
    assert found == {event["event_id"]: (event.get("props", {}), event.get("ctx", {}))
                     for event in events}


def test_forms_for_people_and_for_programs(filled):
    aggregator, events = filled
    statement = "SELECT event_name AS name, count(*) AS n, NULL AS empty FROM events GROUP BY 1"
    table = ask(aggregator, statement).stdout.splitlines()
    assert table[0].split() == ["name", "n", "empty"] and "∅" in table[2]
    lines = list(csv.DictReader(io.StringIO(ask(aggregator, "-", "--format", "csv",
                                                input=statement).stdout)))
    objects = [json.loads(line) for line in
               ask(aggregator, statement, "--format", "ndjson").stdout.splitlines()]
    assert sum(int(line["n"]) for line in lines) == len(events)
    assert [(line["name"], line["n"]) for line in lines] == [
        (entry["name"], str(entry["n"])) for entry in objects]
    assert all(line["empty"] == "" for line in lines)
    cut = ask(aggregator, "SELECT event_id FROM events", "--rows", "10", "--format", "csv")
    assert len(cut.stdout.splitlines()) == 11 and "--rows asks for more" in cut.stderr


@pytest.mark.parametrize("statement, word", [
    ("SELECT nothing FROM events", "nothing"),
    ("SELECT * FROM people", "people"),
    ("DELETE FROM events", "modified"),
    ("ATTACH '/etc/passwd' AS x", "reads"),
    ("SELECT 1; SELECT 2", "one statement"),
    ("", "statement"),
])
def test_what_is_wrong_is_said(filled, statement, word):
    done = ask(filled[0], statement)
    assert done.returncode == 1 and word in done.stderr, done.stderr


def test_wrong_ways_of_asking(filled, tmp_path):
    aggregator, _ = filled
    assert ask(aggregator, "SELECT 1", "--project", "nobody").returncode == 1
    assert ask(aggregator, "SELECT 1", "--rows", "0").returncode == 64
    assert ask(aggregator, "SELECT 1", "--format", "xml").returncode == 64
    gone = run_tool("tributary", "sql", "SELECT 1", "--data", str(tmp_path / "nowhere"))
    assert gone.returncode == 69 and "no aggregator" in gone.stderr


def test_others_do_not_wait_for_a_statement_that_takes_long(filled):
    aggregator, events = filled
    endless = ("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
               "SELECT count(DISTINCT x) FROM n")
    done = ask(aggregator, endless, timeout=120)
    assert done.returncode == 75 and "MiB" in done.stderr, done.stderr
    assert rows(aggregator, "SELECT count(*) FROM events") == [[len(events)]]
