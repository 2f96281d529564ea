"""Fixtures of the black-box tests: a fresh pair of programs a test or a module, logs on failure."""

import os
import random
import sys
import time

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import programs  # noqa: E402

HOUSES = pytest.StashKey()

# What proves most comes first, so that a run that is cut short has still said the most important.
# Files that stand nowhere here come last.
ORDER = ["test_harness", "test_first_way", "test_kill_collector", "test_kill_aggregator", "test_import",
         "test_seeds", "test_answers", "test_differential", "test_wild_events", "test_sql", "test_tls",
         "test_retry_table", "test_retention_days", "test_link", "test_captive_portal", "test_backup",
         "test_bit_flips", "test_store_check", "test_stored_batches", "test_disk_full", "test_sick_disk",
         "test_drain_only", "test_copied_identity", "test_quarantine", "test_operation", "test_examples",
         "test_connection_shares", "test_http_hostile", "test_no_benchmark_names"]


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="more events, questions and seeds; half an hour")


def pytest_configure(config):
    if config.getoption("--full"):
        os.environ["TRIBUTARY_FULL"] = "1"


def pytest_collection_modifyitems(items):
    """Sorts by file; inside a file, and among files of one rank, the order stays."""
    rank = {name: place for place, name in enumerate(ORDER)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(ORDER)))


def pytest_report_header(config):
    state = "built" if programs.built() else "NOT BUILT (only the harness's own tests can run)"
    return f"tributary programs: {state}; seed {base_seed()}"


def base_seed():
    """The seed of this run: TRIBUTARY_SEED repeats an earlier one."""
    if "TRIBUTARY_SEED" not in os.environ:
        os.environ["TRIBUTARY_SEED"] = str(random.SystemRandom().randrange(1 << 31))
    return int(os.environ["TRIBUTARY_SEED"])


@pytest.fixture
def seed(request):
    """A seed of this run and this test; printed with every failure."""
    return base_seed() ^ (sum(map(ord, request.node.nodeid)) << 8)


@pytest.fixture
def house(request, tmp_path):
    """Programs for one test."""
    yield from _house(request, tmp_path)


@pytest.fixture(scope="module")
def shared_house(request, tmp_path_factory):
    """Programs for all tests of a file."""
    yield from _house(request, tmp_path_factory.mktemp("house"))


def _house(request, folder):
    programs.binary("tributary-aggregator")  # says how to build where it is missing
    house = programs.House(folder)
    request.node.stash.setdefault(HOUSES, []).append(house)
    try:
        yield house
    finally:
        house.close()


@pytest.fixture
def pair(house):
    """(aggregator, collector), both ready, for one test."""
    return house.pair()


@pytest.fixture(scope="module")
def shared_pair(shared_house):
    """(aggregator, collector), both ready, for all tests of a file."""
    return shared_house.pair()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.when != "call" or not report.failed:
        return
    report.sections.append(("seed", f"repeat with TRIBUTARY_SEED={base_seed()}"))
    node = item
    while node is not None:
        for house in node.stash.get(HOUSES, []):
            for program in house.programs:
                state = "running" if program.is_running else \
                    f"ended with {program.process.returncode if program.process else 'no start'}"
                report.sections.append((f"{program.name} ({state})", program.log_tail(25)))
        node = node.parent


DURATIONS = {}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    started = time.monotonic()
    yield
    name = item.location[0]
    DURATIONS[name] = DURATIONS.get(name, 0.0) + time.monotonic() - started


def pytest_terminal_summary(terminalreporter):
    """The time of each file: all of them together have to fit 14 minutes on two cores."""
    if not DURATIONS:
        return
    terminalreporter.section("time by file")
    for name, seconds in sorted(DURATIONS.items(), key=lambda entry: -entry[1]):
        terminalreporter.write_line(f"{seconds:8.1f} s  {name}")
    terminalreporter.write_line(f"{sum(DURATIONS.values()):8.1f} s  together")
