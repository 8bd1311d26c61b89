"""Processes that add and processes that ask at once: every answer is of one state, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.types import Answer, Citation, RetrievedPassage
from evals.crowd.collection import (
    FILES,
    SHARED,
    name_of,
    problems_of_answer,
    problems_of_documents,
    text_of,
    town_of,
)
from evals.crowd.measure import measure_crowd
from knowledge.types import DocumentRecord
from tests.conftest import Home

TOWN = town_of(0)


def record_of(town: str, file: int, version: int) -> DocumentRecord:
    name = name_of(town, file)
    return DocumentRecord(f"{name} v{version}", name, name, "zh", text_of(town, file, version), passages=2)


def answer_of(*parts: tuple[str, int, int], quote: str = "") -> Answer:
    texts = [text_of(*part) for part in parts]
    passages = tuple(RetrievedPassage(f"p{at}", f"d{at}", 0, 200, text[:200], 0.5) for at, text in enumerate(texts))
    quote = quote or texts[0][:40]
    citation = Citation(1, quote, "d0", "", "", 0, len(quote), 0.5)
    return Answer("", "", "zh", "", False, None, (), (citation,), passages, "", {})


def test_processes_that_add_and_ask_at_once(use_home: Home) -> None:
    measured = measure_crowd(4, writers=2, readers=2)
    assert measured.failures == ()
    assert measured.done["answered"] > 0
    assert measured.done["stored"] > 2
    assert measured.answer_max >= measured.answer_p50 > 0


def test_an_answer_of_two_states_is_seen() -> None:
    whole = answer_of((TOWN, 0, 3), (TOWN, 1, 3), (SHARED, 0, 8))
    assert problems_of_answer(whole)[1] == []
    for mixed in (answer_of((TOWN, 0, 3), (TOWN, 1, 4)), answer_of((SHARED, 0, 3), (SHARED, 0, 4))):
        assert len(problems_of_answer(mixed)[1]) == 1
    assert len(problems_of_answer(answer_of((TOWN, 0, 3), quote="没有的话"))[1]) == 1
    moved = replace(whole, passages=tuple(replace(one, start=1, end=201) for one in whole.passages[:1]))
    assert len(problems_of_answer(moved)[1]) == 1


@pytest.mark.parametrize(
    "records",
    [
        [record_of(TOWN, file, 1) for file in range(FILES - 1)],
        [*(record_of(TOWN, file, 1) for file in range(FILES - 1)), record_of(TOWN, FILES - 1, 2)],
        [record_of(SHARED, 0, 1), replace(record_of(SHARED, 0, 1), id="again")],
        [replace(record_of(SHARED, 0, 1), text=text_of(SHARED, 0, 1)[:-1])],
        [replace(record_of(SHARED, 0, 1), passages=0)],
    ],
)
def test_half_a_document_and_half_a_town_are_seen(records: list[DocumentRecord]) -> None:
    assert len(problems_of_documents(records)[1]) == 1
    assert problems_of_documents([record_of(TOWN, file, 1) for file in range(FILES)])[1] == []
