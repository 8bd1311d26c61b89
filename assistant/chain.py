"""The five steps from a question to an answer, as one langchain Runnable.

    condense → retrieve → select → read → verify

Each step is a plain function of the one before; this file only runs them in order, times them and reports what a
user can see already: what would be quoted without a model at once, the evidence as soon as it is chosen, the words as
they are written, the checked answer at the end.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig

from assistant.another import without_others
from assistant.asked_kinds import missing_from_cited
from assistant.carry import says_more
from assistant.claim_check import Checked
from assistant.clock import Clock
from assistant.compose import compose
from assistant.condense import Question, condense
from assistant.events import Event, EvidenceFound, Finished, NearestFound, Token, answer_in
from assistant.few_sentences import choose
from assistant.listing import listing_for
from assistant.omitted import left_out, same_language
from assistant.order_meaning import order_meaning
from assistant.orders import without_orders
from assistant.parts import parts_of
from assistant.quantities import find_quantities
from assistant.read import Chunk, ExtractiveReader, Reader, least_sure
from assistant.rewriting import reworded
from assistant.select import Evidence, lacks, select
from assistant.settings import Settings
from assistant.translate import usable
from assistant.types import Answer, Citation, Message, Reason, RetrievedPassage, Turn
from assistant.verify import verify
from knowledge.fuse import ASKED, BEFORE, TRANSLATED, TRANSLATED_SENTENCE, fuse
from knowledge.language import detect_language
from knowledge.lexical import content_tokens
from knowledge.retrieve import Searching, SearchResult
from knowledge.types import DocumentRecord
from prompts import render

WIDE = 16
"""How many passages each search brings when two are fused."""

REFUSALS: dict[Reason, str] = {
    "not_in_documents": "refusal",
    "out_of_scope": "refusal_out_of_scope",
    "unclear": "refusal_unclear",
}
"""The prompt file with what to say, by the reason."""


class AnswerChain(Runnable[Turn, Answer]):
    """Answers one turn. Safe to use from several threads if the reader is.

    Args:
        searcher: Where to search.
        reader: What writes the draft.
        settings: How many passages and sentences, and how sure to be.

    Attributes:
        reader: What writes the draft.
        settings: How many passages and sentences, and how sure to be.
    """

    def __init__(self, searcher: Searching, reader: Reader, settings: Settings) -> None:
        self._searcher = searcher
        self.reader = reader
        self.settings = settings

    def invoke(self, input: Turn, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:
        """Answer a turn; the last of its events."""
        return answer_in(self.events(input))

    def events(self, turn: Turn) -> Generator[Event, None, None]:
        """Yield what happens: the nearest quotes, the evidence, the words, the answer.

        Raises:
            BadQuestion: The question is empty or too long.
            ModelUnreachable: The chat model did not answer.
        """
        clock = Clock()
        with clock.answering(), closing(self._events(turn, clock)) as events:
            for event in events:
                if isinstance(event, Finished):
                    clock.tell_of(event.answer)
                yield event

    def _events(self, turn: Turn, clock: Clock) -> Generator[Event, None, None]:
        if not isinstance(self.reader, ExtractiveReader):
            with clock.step("look"):
                nearest = self._nearest(turn)
            clock.mark("quotes")
            yield nearest
        with clock.step("condense"):
            question = self._worded(condense(turn), clock)
            if turn.language is not None:
                question = replace(question, language=turn.language)
        # Documents may come and go while a model writes: all that an answer shows is of one state of them.
        with self._searcher.snapshot():
            with clock.step("retrieve"):
                result = self._searched(question, clock, turn.document_ids)
            with clock.step("select"):
                evidence = self._decide(question, result, turn.document_ids)
            documents = self._documents(evidence.result)
        quotes = () if evidence.refusal else self._quotes(evidence, documents)
        clock.mark("evidence")
        clock.timings.setdefault("quotes", clock.timings["evidence"])
        yield EvidenceFound(question.standalone, question.language, quotes, _retrieved(evidence.result))
        if evidence.refusal:
            yield Finished(self._refuse(evidence, clock))
            return
        sentences, language = evidence.sentences, question.language
        draft = restated = ""
        if not evidence.otherwise and not evidence.listed:
            with clock.step("read"):
                draft, tokens = yield from self._written(self.reader.read(evidence.asked, language, sentences), clock)
            evidence = replace(evidence, least=least_sure(tokens, evidence.asked))
        if (draft and self.reader.backed) or evidence.listed:
            for at in left_out(draft, evidence, self._searcher.lexicon):
                with clock.step("restate"):
                    yield Token("\n")
                    said, _ = yield from self._written(self.reader.restate(sentences[at].text, language), clock)
                    restated += f"{said}\n"
        with clock.step("verify"):
            answer = self._checked(draft, restated, evidence, documents, clock)
        yield Finished(answer)

    def _nearest(self, turn: Turn) -> NearestFound:
        """Return what would be quoted without a model; it costs a search, a fraction of what a model takes."""
        unaided = AnswerChain(self._searcher, ExtractiveReader(), self.settings)
        with closing(unaided._events(turn, Clock())) as events:
            found = next(event for event in events if isinstance(event, EvidenceFound))
        return NearestFound(found.standalone_question, found.language, found.quotes, found.passages)

    def _found(self, question: Question, document_ids: Collection[str] | None) -> SearchResult:
        """Search with a question; with a follow-up in its own words as well."""
        if not question.before or not content_tokens(question.asked):
            return self._searcher.search(question.standalone, WIDE, document_ids=document_ids)
        asked = self._searcher.search(question.asked, WIDE, document_ids=document_ids)
        made = self._searcher.search(question.standalone, WIDE, document_ids=document_ids)
        weight, more = ASKED[question.how == "connective"], says_more(question.before, question.asked)
        # A follow-up that says more than what it leans on ("It is showing 'Could not place order …'") needs it less.
        found = fuse(made, asked, more if more > 1 else weight)
        if detect_language(question.before) != detect_language(question.asked):
            # A question with words of two languages fits nothing well; the one before it is in one.
            found = fuse(
                found,
                self._searcher.search(question.before, WIDE, document_ids=document_ids),
                BEFORE,
            )
        return found

    def _worded(self, question: Question, clock: Clock) -> Question:
        """Return a follow-up in the words of the chat model, if there is one and its words can be used."""
        if not question.before:
            return question
        with clock.step("rewrite"):
            rewriting = self.reader.rewrite(question.before, question.asked, detect_language(question.asked))
        return reworded(question, rewriting)

    def _decide(self, question: Question, result: SearchResult, document_ids: Collection[str] | None) -> Evidence:
        """Choose the evidence; where a question of two parts has only one answered, for that one."""
        if question.outside:
            return Evidence(question, result.best(self.settings.passages), (), 0.0, (), "out_of_scope")
        whole = self._select(question, result)
        parts = parts_of(question.standalone, question.language)
        if len(parts) < 2 or not (whole.refusal or any(lacks(whole, part) for part in parts)):
            return whole
        asked = [replace(question, standalone=parts[0]), _second(question, *parts)]
        decided = [self._select(part, self._searched(part, Clock(), document_ids)) for part in asked]
        answered = [not one.refusal for one in decided]
        if sum(answered) != 1:
            return whole
        at = answered.index(True)
        return replace(decided[at], question=question, part=parts[at], missing=parts[1 - at])

    def _select(self, question: Question, result: SearchResult) -> Evidence:
        """Choose the evidence among the best passages, and those that a list which is asked for goes on to."""
        limit, threshold = self.settings.sentences, self.settings.threshold
        best = self._without_orders(result.best(self.settings.passages))
        telling = without_others(best)
        listing = listing_for(question.standalone, result, choose(telling, limit), self._searcher)
        if listing:
            kept = {one.passage.id for one in best.hits} | {one.passage.id for one in listing.sentences}
            best = self._without_orders(result.keeping(kept))
            listing = listing if set(listing.sentences) <= set(best.sentences) else None
        found = best if listing else telling
        return select(
            question,
            found,
            self.reader,
            limit=limit,
            threshold=threshold,
            listing=listing,
            document=self._searcher.document,
        )

    def _without_orders(self, result: SearchResult) -> SearchResult:
        return without_orders(result, order_meaning(self._searcher.embedder.name))

    @staticmethod
    def _written(chunks: Iterator[Chunk], clock: Clock) -> Generator[Event, None, tuple[str, list[tuple[str, float]]]]:
        """Yield the words of a draft as they come; return all of them, and its tokens with their log-probabilities."""
        written = ""
        tokens: list[tuple[str, float]] = []
        for chunk in chunks:
            if chunk.text:
                if "first_word" not in clock.timings:
                    clock.mark("first_word")
                written += chunk.text
                yield Token(chunk.text)
            for name, count in (("tokens_in", chunk.tokens_in), ("tokens_out", chunk.tokens_out)):
                if count:
                    clock.timings[name] = clock.timings.get(name, 0) + count
            tokens += chunk.logprobs
        return written, tokens

    def retrieve(
        self, question: Question, clock: Clock | None = None, *, document_ids: Collection[str] | None = None
    ) -> SearchResult:
        """Search with the question, a follow-up as it was asked too, and across languages with its translation as well.

        Sentences that give orders to the assistant are no evidence and are left out.

        Args:
            question: The question.
            clock: Is told how long the translation took.
            document_ids: The only documents to search; None for all.
        """
        found = self._searched(question, clock or Clock(), document_ids)
        return self._without_orders(found.best(self.settings.passages))

    def _searched(self, question: Question, clock: Clock, document_ids: Collection[str] | None) -> SearchResult:
        """Return more passages than are read."""
        found = self._found(question, document_ids)
        if found.hits and found.hits[0].passage.language != found.query.language:
            other = found.hits[0].passage.language
            with clock.step("translate"):
                translation = self.reader.translate(question.standalone, other)
            if usable(question.standalone, translation, other):
                prepared = self._searcher.prepare(translation, language=other)
                other_words = self._searcher.search(prepared, WIDE, document_ids=document_ids)
                found = fuse(found, other_words, TRANSLATED, TRANSLATED_SENTENCE)
        return found

    def _quotes(self, evidence: Evidence, documents: Mapping[str, DocumentRecord]) -> tuple[Citation, ...]:
        quoted = verify("", evidence, self._searcher)
        return compose(quoted, evidence.sentences, _scores(evidence), documents, evidence.question.language)[2]

    def _checked(
        self, draft: str, restated: str, evidence: Evidence, documents: Mapping[str, DocumentRecord], clock: Clock
    ) -> Answer:
        checked = verify(draft, evidence, self._searcher, backed=self.reader.backed, restated=restated)
        cited = [evidence.sentences[at].text for at in _rests_on(checked, evidence, draft)]
        if not checked or (
            not evidence.otherwise and missing_from_cited(evidence.part or evidence.question.insists, cited)
        ):
            return self._refuse(replace(evidence, refusal="not_in_documents"), clock)
        text, claims, citations = compose(
            checked, evidence.sentences, _scores(evidence), documents, evidence.question.language
        )
        text = "\n".join((*_lead_in(evidence), text))
        return self._answer(evidence, clock, text=text, claims=claims, citations=citations)

    def _refuse(self, evidence: Evidence, clock: Clock) -> Answer:
        name = REFUSALS[evidence.refusal or "not_in_documents"]
        return self._answer(evidence, clock, text=render(evidence.question.language, name).strip())

    def _answer(self, evidence: Evidence, clock: Clock, **parts: Any) -> Answer:
        clock.mark("total")
        clock.timings.setdefault("first_word", clock.timings["total"])
        empty: dict[str, Any] = {"claims": (), "citations": ()}
        return Answer(
            question=evidence.question.asked,
            standalone_question=evidence.question.standalone,
            language=evidence.question.language,
            refused=bool(evidence.refusal),
            reason=evidence.refusal,
            passages=_retrieved(evidence.result),
            model=self.reader.name,
            timings=clock.timings,
            **(empty | parts),
        )

    def _documents(self, result: SearchResult) -> dict[str, DocumentRecord]:
        """Return every document that a passage was retrieved from, by id."""
        ids = dict.fromkeys(hit.passage.document_id for hit in result.hits)
        return {id_: self._searcher.document(id_) for id_ in ids}


def _rests_on(checked: Sequence[Checked], evidence: Evidence, draft: str) -> list[int]:
    """Return the positions of the sentences that have to hold the kind of thing that is asked for.

    Where nothing of a draft in the documents' language stands, or its writer was unsure of them, what is quoted behind
    it only shows what else there is. What counts is what it rests on, or what is quoted in its place.
    """
    said = [claim for claim in checked if claim.support == "supported"]
    if draft and same_language(evidence) and (evidence.weighed or not said):
        checked = said or checked[:1]
    return sorted({at for claim in checked for at in claim.sentences})


def _second(question: Question, first: str, second: str) -> Question:
    """Return the second part of a question, as a follow-up to the first where it leans on that."""
    return replace(condense(Turn(second, (Message("user", first),))), language=question.language)


def _lead_in(evidence: Evidence) -> Iterator[str]:
    """Yield what goes before an answer that is not all that was asked for. Numbers are for claims alone."""
    language = evidence.question.language
    if evidence.missing:
        missing = evidence.missing.rstrip("?？。. ")
        named = f"“{missing}”" if not find_quantities(missing) else render(language, "rest").strip()
        yield render(language, "partial", missing=named).strip()
    if evidence.undated:
        yield render(language, "undated").strip()
    if evidence.unmet:
        yield render(language, "otherwise").strip()


def _scores(evidence: Evidence) -> list[float]:
    """Return how well each evidence sentence fits: the confidence, halved for every 2 log-odds behind the best."""
    best = max((sentence.score for sentence in evidence.sentences), default=0.0)
    return [
        round(evidence.confidence * 2.0 ** (min(0.0, sentence.score - best) / 2.0), 4)
        for sentence in evidence.sentences
    ]


def _retrieved(result: SearchResult) -> tuple[RetrievedPassage, ...]:
    return tuple(
        RetrievedPassage(
            id=hit.passage.id,
            document_id=hit.passage.document_id,
            start=hit.passage.start,
            end=hit.passage.end,
            text=hit.passage.text,
            score=round(hit.score, 4),
        )
        for hit in result.hits
    )
