"""The files that operators start from are true: configurations, units, alert rules. About 3 s."""

import os
import re
import shutil
import subprocess

import pytest

from harness.programs import REPOSITORY, run_tool

NAMES = ["aggregator", "collector"]


def example(name):
    return os.path.join(REPOSITORY, f"{name}-config", f"tributary-{name}.json5")


@pytest.mark.parametrize("name", NAMES)
def test_the_example_is_what_the_program_says(name):
    done = run_tool(f"tributary-{name}", "check-config", "--example")
    assert done.returncode == 0, done
    with open(example(name), encoding="utf-8") as file:
        assert file.read() == done.stdout, "run scripts/examples"


@pytest.mark.parametrize("name", NAMES)
def test_the_example_is_accepted_as_it_is_and_with_every_key_switched_on(name, tmp_path):
    with open(example(name), encoding="utf-8") as file:
        text = file.read()
    # A key stands behind the slashes as `name: value,`; sentences have no such form.
    live = re.sub(r"^(\s*)// (\w+: (?!null).*,)$", r"\1\2", text, flags=re.M)
    assert live != text
    for number, document in enumerate((text, live)):
        path = tmp_path / f"{number}.json5"
        path.write_text(document, encoding="utf-8")
        done = run_tool(f"tributary-{name}", "check-config", "--config", path)
        assert done.returncode == 0, done.stderr


def test_alert_rules_and_prometheus_configuration_pass_promtool():
    assert shutil.which("promtool"), "promtool is missing: scripts/install-dependencies"
    folder = os.path.join(REPOSITORY, "aggregator-config")
    for check, file in (("rules", "alerts.yml"), ("config", "prometheus.yml")):
        done = subprocess.run(["promtool", "check", check, os.path.join(folder, file)],
                              capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_alert_rules_ask_for_metrics_that_exist(shared_pair):
    there = set()
    for program in shared_pair:
        there |= set(re.findall(r"^# TYPE (\S+)", program.metrics(), re.M))
    with open(os.path.join(REPOSITORY, "aggregator-config", "alerts.yml")) as file:
        asked = set(re.findall(r"\b(?:tributary|ingest|report|process)_[a-z_]+\b", file.read()))
    missing = {name for name in asked if re.sub(r"_bucket$", "", name) not in there}
    assert asked and not missing, missing


@pytest.mark.parametrize("name", NAMES)
def test_the_unit_starts_the_program_with_words_that_it_knows(name, tmp_path):
    path = os.path.join(REPOSITORY, f"{name}-config", f"tributary-{name}.service")
    with open(path) as file:
        command = re.search(r"^ExecStart=/usr/local/bin/(\S+) run (.*)$", file.read(), re.M)
    assert command.group(1) == f"tributary-{name}"
    arguments = command.group(2).split()
    arguments[arguments.index("--data") + 1] = tmp_path
    # The same options, looked at and not run.
    done = run_tool(f"tributary-{name}", "check-config", *arguments, timeout=10)
    assert done.returncode == 0, done.stderr
