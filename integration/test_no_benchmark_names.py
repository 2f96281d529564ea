"""No property and no event of the benchmark is known to the sources: what is quick with them is quick
with any others. Some of their names are ordinary words, and stand below with where they may be used."""

import os
import re
import sys

import pytest

from harness.programs import REPOSITORY

pytest.importorskip("numpy")
sys.path.insert(0, os.path.join(REPOSITORY, "Benchmarks"))

from generate import NAMES, PROJECTS  # noqa: E402
from peers import PROPS  # noqa: E402

SOURCES = os.path.join(REPOSITORY, "Sources")
TEXT = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
# What keeps and counts events: there none of the names is a word of ours.
COUNTING = {"Columns", "Sections", "Store", "Kernels"}
# Elsewhere these are: parts of refusals, of pages and of files, labels, keys of questions.
ORDINARY = {"code", "message", "query", "path", "referrer", "depth", "search"}
# The view of a page, as the semantics and many clients call it.
KINDS = {"page_view"}


def is_allowed(name, floor):
    return name in ORDINARY and floor not in COUNTING or name in KINDS and floor == "Events"


def texts(path):
    """The literal texts of a file by line; comments are not looked at."""
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.lstrip().startswith("//"):
                for text in TEXT.findall(line):
                    yield number, text


def named(text):
    """What a text names: itself, or the last key of a path to a property."""
    return text.rpartition(".")[2] if re.match(r"(props|ctx|\$)\.", text) else text


def test_no_name_of_the_benchmark_appears_in_the_sources():
    names = set(PROPS) | set(NAMES) | {project for project, _ in PROJECTS}
    found, files = [], 0
    for folder, _, members in os.walk(SOURCES):
        floor = os.path.relpath(folder, SOURCES).split(os.sep)[0]
        for member in members:
            if not member.endswith((".swift", ".c", ".h")):
                continue
            files += 1
            path = os.path.join(folder, member)
            found += [f"{os.path.relpath(path, SOURCES)}:{number}: {text}" for number, text in texts(path)
                      if named(text) in names and not is_allowed(text, floor)]
    assert files > 100
    assert not found, "\n".join(found)


def test_a_name_would_be_found(tmp_path):
    path = tmp_path / "Kernel.swift"
    path.write_text('// "campaign" in a comment\nlet fast = name == "props.campaign" || name == "sku"\n')
    assert [(number, named(text)) for number, text in texts(path)] == [(2, "campaign"), (2, "sku")]
