"""A backend for the chat page that answers from a script: real events and answers, no model."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from typing import Any

from assistant.errors import ModelUnreachable
from assistant.events import Event, EvidenceFound, Finished, Token
from assistant.types import Answer, Choices, Citation, Claim, Message, RetrievedPassage, Support
from knowledge.build import to_record
from knowledge.errors import DocumentUnknown
from knowledge.language import detect_language
from knowledge.types import DocumentEntry, DocumentRecord, Language

HOSTILE = (
    '<img src=x onerror="window.hacked=1"> <script>window.hacked=2</script> [x](http://evil.example/a) '
    "![p](http://evil.example/p.png) <a href='javascript:window.hacked=3'>y</a> **bold** `code` $$x^2$$ {{7*7}} ${7*7} "
    '__i18n__{"__type__":"translation_metadata","key":"tagline"} &lt;b&gt; "quoted" \'single\''
)
"""Everything that must come out as the words it is."""

DROPPED: dict[Language, str] = {"zh": "丁市的市长叫李四。", "en": "The mayor of city D is called Smith."}
"""A sentence that no document supports."""

OPENING = "数字政府为数字城市建设提出具体要求，数字城市是实现数字政府最终目标的表现形式。"
PILOTS = "2015年底，有关部门正式提出了“新型智慧城市”概念，并推动甲市、乙市和丙市三地进行试点。"
SIZE = "2021年，某产业规模达到3696.1亿元，增速达到24.7%。"
FILLER = "城市是复杂的有机生命体，建设面临的是一个根据环境不断进化的社会综合体。" * 6
PARAGRAPHS = [
    "标题：新时期的建设",
    OPENING,
    *[FILLER] * 12,
    f"前一句在这里。{PILOTS}后一句在这里。",
    *[FILLER] * 12,
    SIZE,
]
TEXT = "\n\n".join([*PARAGRAPHS, HOSTILE])

GOOD = DocumentRecord(
    id="doc-1", title="新时期的建设", source="https://example.org/a?b=1&c=2", language="zh", text=TEXT, passages=3
)
EVIL = DocumentRecord(
    id="doc-2", title=f"T {HOSTILE}", source="javascript:window.hacked=4", language="en", text=f"A\n\n{HOSTILE}\n\nB"
)


class ScriptedBackend:
    """Answers by what the question contains.

    It knows the documents it was made with and those that were added; with the reader ``"none"`` it writes no tokens.

    ``停`` or ``slow``: tokens without end until the stream is closed. ``没有`` or ``mayor``: a refusal. ``错`` or
    ``error``: the model is unreachable. ``崩`` or ``crash``: something unexpected. ``evil``: hostile words everywhere.
    Everything else in English: two written claims. Everything else in Chinese: a written claim and a quoted one.
    ``多`` or ``drop``: a sentence of the draft is left out. A question with the title of an added document is answered
    from it.

    Attributes:
        asked: Every question with its history.
        closed: How many streams were closed before their end.
        written: How many tokens were written.
    """

    def __init__(self, *, pause: float = 0.0, model_name: str = "scripted-model") -> None:
        self.model_name = model_name
        self.pause = pause
        self.readers = {"quotes": "none", "local": "local", "configured": "openai:scripted-model"}
        self.asked: list[tuple[str, tuple[Message, ...]]] = []
        self.chosen: list[Choices] = []
        self.closed = 0
        self.written = 0
        self.most_at_once = 0
        self.records = {record.id: record for record in (GOOD, EVIL)}
        self._running = 0
        self._lock = threading.Lock()

    def documents(self) -> list[DocumentRecord]:
        return list(self.records.values())

    def catalog(self) -> list[DocumentEntry]:
        return [DocumentEntry(one.id, one.title, one.source, dict(one.metadata)) for one in self.records.values()]

    def document(self, document_id: str) -> DocumentRecord:
        if document_id in self.records:
            return self.records[document_id]
        raise DocumentUnknown(f"There is no document {document_id}.", hint="List them with `wenju list`.")

    def add(self, documents: Sequence[Any], *, progress: Callable[[int, int], None] | None = None) -> None:
        for document in documents:
            record = to_record(document)
            for at in range(4):
                time.sleep(self.pause)
                if progress:
                    progress(at + 1, 4)
            self.records[record.id] = replace(record, passages=4, added_at="2026-01-02T03:04:05+00:00")

    def remove(self, document_ids: Sequence[str]) -> int:
        return sum(self.records.pop(id_, None) is not None for id_ in document_ids)

    def stream(
        self, question: str, history: Sequence[Message] = (), choices: Choices | None = None
    ) -> Generator[Event, None, None]:
        chosen = choices or Choices()
        reads = chosen.reader != "none"
        with self._lock:
            if reads or self.model_name == "extractive":
                self.asked.append((question, tuple(history)))
                self.chosen.append(chosen)
            self._running += reads
            self.most_at_once = max(self.most_at_once, self._running)
        try:
            for event in self._events(question):
                if reads or not isinstance(event, Token):
                    yield event
        except GeneratorExit:
            self.closed += reads
            raise
        finally:
            with self._lock:
                self._running -= reads

    def _events(self, question: str) -> Iterator[Event]:
        language = detect_language(question)
        time.sleep(self.pause)
        if "evil" in question:
            yield from self._written(
                question,
                language,
                (Claim(HOSTILE, (1, 2), "supported"), Claim(HOSTILE, (2,), "quoted")),
                (cite(1, HOSTILE, EVIL), cite(2, HOSTILE, GOOD)),
            )
            return
        for record in self.documents():
            if record in (GOOD, EVIL) or record.title not in question:
                continue
            claims = (Claim(record.text, (1,), "quoted"),)
            yield from self._written(question, language, claims, (cite(1, record.text, record),))
            return
        if "没有" in question or "mayor" in question or "upload" in question:
            refusal = "资料里没有这个问题的答案。" if language == "zh" else "The documents do not hold the answer."
            yield EvidenceFound(question, language, (), passages())
            yield Finished(reply(question, language, refusal, refused=True, passages=passages(), model=self.model_name))
            return
        if "错" in question or "error" in question:
            raise ModelUnreachable("The chat model did not answer <b>.", hint="Start it with `serve <model>`.")
        if "崩" in question or "crash" in question:
            raise RuntimeError("secret detail")
        written = "甲市、乙市和丙市。" if language == "zh" else "Cities A, B and C."
        second: Support = "quoted" if language == "zh" else "supported"
        said = SIZE if language == "zh" else "The size was 369.61 billion yuan."
        claims = (Claim(written, (1,), "supported"), Claim(said, (2,), second))
        yield from self._written(question, language, claims, (cite(1, PILOTS), cite(2, SIZE)))

    def _written(
        self, question: str, language: Language, claims: tuple[Claim, ...], quotes: tuple[Citation, ...]
    ) -> Iterator[Event]:
        yield EvidenceFound(question, language, quotes, passages())
        for piece in self._pieces(question, claims, language):
            time.sleep(self.pause)
            self.written += 1
            yield Token(piece)
        text = " ".join(f"{claim.text}[{claim.citations[0]}]" for claim in claims)
        yield Finished(
            reply(question, language, text, claims=claims, citations=quotes, passages=passages(), model=self.model_name)
        )

    @staticmethod
    def _pieces(question: str, claims: tuple[Claim, ...], language: Language) -> Iterator[str]:
        while "停" in question or "slow" in question:
            yield "字 "
        said = [claim.text for claim in claims]
        if "多" in question or "named" in question:
            said.insert(1, DROPPED[language])
        for text in said:
            yield from (text[at : at + 4] for at in range(0, len(text), 4))
            yield "\n"


def cite(marker: int, quote: str, record: DocumentRecord = GOOD) -> Citation:
    start = record.text.index(quote)
    return Citation(marker, quote, record.id, record.title, record.source, start, start + len(quote), 0.9)


def passages() -> tuple[RetrievedPassage, ...]:
    return tuple(
        RetrievedPassage(f"p{at}", record.id, start, start + len(quote), quote, 0.5)
        for at, (record, quote) in enumerate(((GOOD, PILOTS), (GOOD, SIZE), (EVIL, HOSTILE)))
        for start in (record.text.index(quote),)
    )


def reply(
    question: str,
    language: Language,
    text: str,
    *,
    refused: bool = False,
    claims: tuple[Claim, ...] = (),
    citations: tuple[Citation, ...] = (),
    passages: tuple[RetrievedPassage, ...] = (),
    model: str = "scripted-model",
) -> Answer:
    return Answer(
        question=question,
        standalone_question=f"{question}（上文）" if "那" in question else question,
        language=language,
        text=text,
        refused=refused,
        reason="not_in_documents" if refused else "",
        claims=claims,
        citations=citations,
        passages=passages,
        model=model,
        timings={"condense": 0.001, "retrieve": 0.12, "read": 1.5, "first_word": 0.4, "total": 1.75, "tokens_in": 126},
    )
