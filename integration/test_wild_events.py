"""Random questions about events that no benchmark has, beside a slow model of what they mean.

With --full many more are asked, of more events and seeds.
"""

import os
import random
import sys

import pytest

from harness import question_model
from harness.client import wait_for
from harness.programs import REPOSITORY
from harness.wild_events import WildEvents
from harness.wild_questions import WildQuestions

sys.path.insert(0, os.path.join(REPOSITORY, "Benchmarks"))

import store  # noqa: E402

FULL = bool(os.environ.get("TRIBUTARY_FULL"))
EVENTS, QUESTIONS, ROUNDS = (100_000, 600, 8) if FULL else (12_000, 150, 2)


def imported(aggregator, world, tmp_path):
    """Two parts in packs of their own, the third one hot; who is whom is said in between."""
    half = len(world.operations) // 2
    for number in range(len(world.parts)):
        if number == len(world.parts) - 1:
            tell(aggregator, world.operations[:half])
            aggregator.terminate()
            aggregator.environment = {}
            aggregator.start()
        report = store.import_files(aggregator, [world.write(number, tmp_path / f"{number}.ndjson")])
        assert report["refused"] == 0, report
        if number < len(world.parts) - 1:
            wait_for(lambda: store.packs(aggregator) > number, 60, 0.05, f"pack {number + 1}")
    tell(aggregator, world.operations[half:])
    aggregator.terminate()


def tell(aggregator, operations):
    for start in range(0, len(operations), 500):
        answer = aggregator.post("/track/batch", {"events": operations[start:start + 500]})
        assert answer.status == 200 and not answer.json().get("rejected"), answer.body[:500]


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_every_answer_is_that_of_the_model(house, tmp_path, seed, turn):
    aggregator = house.aggregator(start=False,
                                  environment={"TRIBUTARY_HOT__SEAL_EVENTS": str(EVENTS // 10)})
    aggregator.start()
    world = WildEvents(seed, EVENTS, aggregator.project)
    imported(aggregator, world, tmp_path)
    wild, everyone = WildQuestions(random.Random(seed), world), question_model.People(world.operations)
    questions = [wild.question() for _ in range(QUESTIONS)]
    report = store.ask_questions(aggregator, aggregator.project, questions)
    assert report["events"] == len(world.events) + len(world.operations)
    wrong = []
    for question, found in zip(questions, report["answers"]):
        problem = found.get("error") or question_model.difference(
            question_model.answer(question, world.events, everyone), found["answer"])
        if problem:
            wrong.append(f"{question!a}: {problem}")
    assert not wrong, f"{len(wrong)} of {len(questions)}, seed {seed}:\n" + "\n".join(wrong[:5])


def test_the_model_and_its_comparison_are_not_blind():
    events = [{"event_name": "a", "cts": 1, "profile_id": "x", "props": {"k": 1}},
              {"event_name": "a", "cts": 2, "device_id": "x", "props": {"k": True}},
              {"event_name": "b", "cts": 3, "props": {"k": "1"}}]
    question = {"from": "1970-01-01T00:00:00Z", "to": "1970-01-02T00:00:00Z", "breakdown": "props.k",
                "series": [{"measure": "events"}, {"measure": "people"}]}
    expected = question_model.answer(question, events)
    # true, 1 and "1" are three values, and a profile and a device of one name are two people.
    assert [group[0][0] for group, _ in expected] == ["bool", "number", "text"]

    def found(*rows):
        return {"rows": [{"group": group, "columns": [{"total": total, "pieces": [total]} for total in totals]}
                         for group, totals in rows]}
    right = [([True], [1, 1]), ([1], [1, 1]), (["1"], [1, 0])]
    assert question_model.difference(expected, found(*right)) is None
    for wrong in (right[:2], right[::-1], [([1], [1, 1]), *right[1:]], [([True], [1, 2]), *right[1:]],
                  [([True], [True, 1]), *right[1:]]):
        assert question_model.difference(expected, found(*wrong)) is not None, wrong
    # Unknown stays unknown under "not".
    condition = {"property": "props.k", "op": ">", "value": 0}
    assert [question_model.holds(condition, event) for event in events] == [True, None, None]
    assert [question_model.holds({"not": condition}, event) for event in events] == [False, None, None]
