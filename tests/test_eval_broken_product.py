"""The product broken on purpose: each time ``wenju eval --baseline last`` exits 1 and names the cases.

The parts are real: index, embedding model, search, verifier. Only the chat model follows a script, and does what the
prompt tells it.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from string import Template
from typing import Any

import pytest
from langchain_core.messages import BaseMessage

import prompts
from assistant import Assistant
from assistant.chain import AnswerChain
from assistant.claim_check import Checked
from assistant.claims import claims_of
from assistant.read import ChatReader, ExtractiveReader, Reader
from assistant.select import Evidence
from assistant.types import Answer, Message, Turn
from evals import cli
from evals.case import Case
from evals.commands import run
from knowledge import retrieve
from knowledge.build import rebuild
from knowledge.lexicon import Lexicon
from knowledge.load import document_from_bytes
from knowledge.retrieve import Searcher
from knowledge.store import Store
from knowledge.types import DocumentRecord
from prompts import render
from tests.conftest import ScriptedChatModel

TOWNS = "青岚 白榆 石浦 云栖 清漪 柳堤 望川 松岭 竹溪 梅坞 枫桥 荷塘".split()
PUMPS = range(36)
RULES = ("，只说资料里有的内容", " and say only what it says", ", with what the material says")


def people(number: int) -> str:
    return str(31240 + 417 * number)


def warranty(number: int) -> str:
    return f"{3000 + 71 * number}小时"


def model(number: int) -> str:
    return f"QX-{4400 + 13 * number}"


TOWN_TEXTS = [f"{name}镇在河谷里，常住人口{people(n)}人。" for n, name in enumerate(TOWNS)]
PUMP_TEXTS = [f"型号{model(n)}的水泵用于农田灌溉，保修{warranty(n)}。" for n in PUMPS]


def case(name: str, question: str, facts: Sequence[str], gold: Sequence[str]) -> Case:
    return Case(
        id=f"{name}.zh",
        family=name,
        kind="fact",
        language="zh",
        question=question,
        facts=tuple((fact,) for fact in facts),
        gold=tuple(gold),
    )


ONE_TOWN = [
    case(f"town{n}", f"{name}镇的常住人口有多少？", [people(n)], [TOWN_TEXTS[n]]) for n, name in enumerate(TOWNS)
]
TWO_TOWNS = [
    case(
        f"towns{n}",
        f"{TOWNS[n]}镇和{TOWNS[n - 1]}镇的常住人口各有多少？",
        [people(n), people((n - 1) % len(TOWNS))],
        [TOWN_TEXTS[n], TOWN_TEXTS[n - 1]],
    )
    for n in range(len(TOWNS))
]
PUMP = [case(f"pump{n}", f"型号{model(n)}的水泵保修多久？", [warranty(n)], [PUMP_TEXTS[n]]) for n in PUMPS]


@pytest.fixture(scope="module")
def searcher(assistant: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    path = tmp_path_factory.mktemp("towns") / "documents.db"
    texts = [*TOWN_TEXTS, *PUMP_TEXTS]
    documents = [document_from_bytes(text.encode(), name=f"{n}.md", source=f"{n}.md") for n, text in enumerate(texts)]
    rebuild(path, assistant.embedder, documents)
    from knowledge.build import spec_for

    store = Store.open(path, spec_for(assistant.embedder))
    lexicon = Lexicon(assistant.settings.cache)
    yield Searcher(store, assistant.embedder, lexicon)
    lexicon.close()
    store.close()


class ChainAssistant:
    """An `Assistant` whose parts a test chooses."""

    def __init__(self, searcher: Searcher, reader: Reader, settings: Any) -> None:
        self.chain, self.model_name, self.searcher = AnswerChain(searcher, reader, settings), reader.name, searcher

    def ask(self, question: str, history: Sequence[Message] = ()) -> Answer:
        return self.chain.invoke(Turn(question, tuple(history)))

    def documents(self) -> list[DocumentRecord]:
        return self.searcher.store.documents()


class ObedientModel(ScriptedChatModel):
    """Copies the best sentence of the material if it is told to say only that; otherwise it says what it remembers.

    Attributes:
        misreads: It changes the first digit of every number on the way.
    """

    misreads: bool = False

    def _says(self, messages: list[BaseMessage]) -> str:
        said = super()._says(messages)
        asked = str(messages[-1].content)
        if said or not asked.startswith(render("zh", "evidence", evidence="", question="").strip()[:3]):
            return said
        if "只说资料里有的内容" not in asked + str(messages[0].content):
            return "我记得那里有999999人。"
        best = re.findall(r"(?m)^\d+\. (.+)$", asked)[-1]
        return re.sub(r"\d(?=\d{4})", "7", best) if self.misreads else str(best)


class Eval:
    """``wenju eval SUITE --baseline …`` on cases in a file."""

    def __init__(self, folder: Path, cases: Sequence[Case]) -> None:
        self.suite, self.folder = folder / "mine.jsonl", folder / "kept"
        self.suite.write_text("\n".join(one.model_dump_json() for one in cases), encoding="utf-8")

    def __call__(self, assistant: ChainAssistant, baseline: str = "none") -> tuple[int, dict[str, Any]]:
        parser = argparse.ArgumentParser()
        cli.command(parser.add_subparsers(required=True))
        out = self.folder.parent / "out.json"
        args = parser.parse_args(["eval", str(self.suite), "--baseline", baseline, "--out", str(out)])
        code = run.evaluate(args, run.chosen(args), assistant, {"llm": "scripted"}, self.folder)
        (suite,) = json.loads(out.read_text(encoding="utf-8"))["suites"]
        return code, suite


Make = Callable[..., ChainAssistant]


@pytest.fixture
def make(searcher: Searcher, assistant: Assistant) -> Make:
    def made(reader: Reader, **changes: Any) -> ChainAssistant:
        return ChainAssistant(searcher, reader, replace(assistant.settings, **({"threshold": 0.0} | changes)))

    return made


def chat(**what: Any) -> ChatReader:
    return ChatReader(ObedientModel(**what), "scripted", "scripted")


def test_one_passage_instead_of_eight_is_noticed(
    tmp_path: Path, make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate = Eval(tmp_path, TWO_TOWNS)
    _, before = evaluate(make(ExtractiveReader()))
    assert sum(one["passed"] for one in before["cases"]) >= 10
    code, after = evaluate(make(ExtractiveReader(), passages=1), "last")
    assert code == 1
    assert len(after["comparison"]["lost"]) >= 10
    assert "lost: towns" in capsys.readouterr().out
    assert evaluate(make(ExtractiveReader()), "last")[0] == 0


def test_a_search_without_its_lexical_leg_is_noticed(
    tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # So few candidates among 48 passages are as many as 30 are in a collection of hundreds.
    monkeypatch.setattr(retrieve, "CANDIDATES", 3)
    evaluate = Eval(tmp_path, PUMP)
    _, before = evaluate(make(ExtractiveReader()))
    assert sum(one["passed"] for one in before["cases"]) >= 30
    with monkeypatch.context() as broken:
        broken.setattr(Store, "lexical", lambda *_: [])
        code, after = evaluate(make(ExtractiveReader()), "last")
    assert code == 1
    assert after["worse"]
    assert "lost: pump" in capsys.readouterr().out


def test_answers_that_nobody_verifies_are_noticed(
    tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def trusting(draft: str, evidence: Evidence, searcher: Searcher, **_: Any) -> tuple[Checked, ...]:
        return tuple(Checked(claim, "supported", (0,)) for claim in claims_of(draft, evidence.question.language))

    evaluate = Eval(tmp_path, ONE_TOWN)
    code, _ = evaluate(make(chat(misreads=True)))
    assert code == 0, "the verifier puts the document's words in place of the wrong number"
    monkeypatch.setattr("assistant.chain.verify", trusting)
    code, after = evaluate(make(chat(misreads=True)), "last")
    assert code == 1
    assert len(after["comparison"]["lost"]) >= 10
    assert "wrong_numbers got worse: town" in capsys.readouterr().out
    assert [gate["passed"] for gate in after["gates"] if gate["name"] == "wrong numbers"] == [False]


def test_a_prompt_without_its_rule_is_noticed(
    tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate = Eval(tmp_path, ONE_TOWN)
    code, _ = evaluate(make(chat()))
    assert code == 0
    whole = prompts.prompt

    def without_rule(language: Any, name: str) -> Template:
        text = whole(language, name).template
        for rule in RULES:
            text = text.replace(rule, "")
        return Template(text)

    monkeypatch.setattr(prompts, "prompt", without_rule)
    code, after = evaluate(make(chat()), "last")
    assert code == 1
    assert "own_words got worse, and that is no noise" in after["worse"]
    assert "own_words got worse: town" in capsys.readouterr().out
