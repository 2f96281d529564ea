"""The store's answers to the workload, beside those of DuckDB and ClickHouse over the same events.

Two seeds of 200,000 events; with --full, six seeds and a million events each.
"""

import os
import subprocess
import sys

import pytest

from harness.client import wait_for
from harness.programs import REPOSITORY

sys.path.insert(0, os.path.join(REPOSITORY, "Benchmarks"))

pytest.importorskip("numpy")
pytest.importorskip("duckdb")
pytest.importorskip("chdb")

import peers  # noqa: E402
import store  # noqa: E402

FULL = bool(os.environ.get("TRIBUTARY_FULL"))
EVENTS = 1_000_000 if FULL else 200_000
SEEDS = range(1, 7) if FULL else (1, 2)
# So many files make at least as many packs but one; late events and repeats lie in others than theirs.
FILES = 5
ENVIRONMENT = {"TRIBUTARY_HOT__SEAL_EVENTS": str(EVENTS // FILES * 4 // 5)}


def generated(folder, seed):
    subprocess.run([sys.executable, os.path.join(store.HERE, "generate.py"), "--events", str(EVENTS),
                    "--seed", str(seed), "--split", str(FILES), "--out", folder], check=True, stdout=subprocess.DEVNULL)
    return folder


def answers_of_store(house, folder):
    aggregator = house.aggregator(start=False, environment=ENVIRONMENT)
    aggregator.start()
    store.add_projects(aggregator, store.projects_of())
    manifest = store.manifest_of(folder)
    accepted = 0
    for number, file in enumerate(peers.sources(folder, manifest), 1):
        report = store.import_files(aggregator, [file])
        assert report["refused"] == 0, report
        accepted += report["accepted"]
        if number < FILES:
            wait_for(lambda: store.packs(aggregator) >= number, 60, 0.05, f"pack {number}")
    assert accepted == manifest["unique_events"]
    aggregator.terminate()
    return store.ask(aggregator, folder, export=house.path("export.csv"))


def answers_of_peer(name, folder, work):
    os.makedirs(work, exist_ok=True)
    result = peers.run("answers", name, store.peer_arguments(folder, work))
    assert "error" not in result, result
    assert result["rows"] == store.manifest_of(folder)["unique_events"]
    return result["answers"]


@pytest.mark.parametrize("number", SEEDS)
def test_store_and_peers_agree_on_every_question(house, tmp_path, number):
    folder = generated(str(tmp_path / "data"), number)
    ours = answers_of_store(house, folder)["questions"]
    for peer in ("duckdb/time", "clickhouse/event"):
        theirs = answers_of_peer(peer, folder, str(tmp_path / "peers"))
        assert set(ours) == set(theirs)
        wrong = {name: difference for name in ours
                 if (difference := store.difference(theirs[name], ours[name]))}
        assert not wrong, f"beside {peer}: {wrong}"
