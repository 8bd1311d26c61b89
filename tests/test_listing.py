"""Questions that ask for a list which a document spreads over paragraphs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest
from langchain_core.documents import Document

from assistant.assistant import Assistant
from assistant.listing import asked_for
from tests.conftest import Home, check_answer

PORT = """# The harbour of Linhai

The harbour was rebuilt after the flood. The rebuilding was divided into three phases.

Dredging the old basin. Ships could not enter before the mud was gone. It took two years and many machines.

Raising the northern quay. The quay had stood under water twice. Its walls are now higher than before.

Opening the freight railway. Trains carry goods to the inland towns. The line was electrified later.

## Difficulties of the builders

Skilled divers were hard to find. Few of them lived in the region, and training took a long time.

Storms broke the scaffolds again and again. Every winter the work stood still for some weeks.
"""
PORT_ZH = """# 临海港重建

洪水之后，港口重新修建。重建工程分为以下三个阶段。

疏浚旧港池。淤泥清除之前，船只无法进港。这项工作用了两年。

加高北码头。码头曾两次被水淹没。现在的堤墙比以前高。

开通货运铁路。火车把货物运往内陆城镇。线路后来改为电气化。

## 建设者遇到的困难

熟练的潜水员很难找到。当地几乎没有这样的人，培训也需要很长时间。

风暴一再摧毁脚手架。每年冬天工程都要停几个星期。
"""


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ("Which three problems does the author name?", 3),
        ("What are the phases of the rebuilding?", 0),
        ("作者说的哪两大难题？", 2),
        ("先后有哪些阶段？", 0),
        ("When did the three phases begin?", None),
        ("港口什么时候重建？", None),
        ("Who rebuilt the harbour?", None),
    ],
)
def test_how_many_things_a_question_asks_for(question: str, count: int | None) -> None:
    asked = asked_for(question)
    assert (asked[0] if asked else None) == count


@pytest.fixture(scope="module")
def harbour(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    own = tmp_path_factory.mktemp("harbour") / "home"
    shutil.copytree(home.settings.home, own)
    with Assistant(replace(home.settings, home=own)) as assistant:
        for name, text in (("port", PORT), ("port-zh", PORT_ZH)):
            assistant.add([Document(id=name, page_content=text, metadata={"source": f"{name}.md"})])
        yield assistant


@pytest.mark.weights
@pytest.mark.parametrize(
    ("question", "items"),
    [
        (
            "In which three phases was the harbour rebuilt?",
            ["Dredging the old basin.", "Raising the northern quay.", "Opening the freight railway."],
        ),
        ("港口重建经历了哪三个时期？", ["疏浚旧港池。", "加高北码头。", "开通货运铁路。"]),
        (
            "Which two difficulties did the builders of the harbour have?",
            ["Skilled divers were hard to find.", "Storms broke the scaffolds again and again."],
        ),
        ("港口的建设者遇到了哪两个难题？", ["熟练的潜水员很难找到。", "风暴一再摧毁脚手架。"]),
    ],
)
def test_a_list_is_answered_with_all_its_items_in_their_order(
    harbour: Assistant, question: str, items: list[str]
) -> None:
    answer = harbour.ask(question)
    check_answer(answer, {record.id: record.text for record in harbour.documents()})
    assert [claim.text for claim in answer.claims if claim.text in items] == items
    assert len(answer.claims) <= len(items) + 1


@pytest.mark.weights
@pytest.mark.parametrize("question", ["港口为什么重建？", "Which three ships entered the harbour?"])
def test_another_question_is_not(harbour: Assistant, question: str) -> None:
    quoted = [claim.text for claim in harbour.ask(question).claims]
    assert not {"疏浚旧港池。", "加高北码头。", "开通货运铁路。"} <= set(quoted)
    assert not {"Dredging the old basin.", "Raising the northern quay.", "Opening the freight railway."} <= set(quoted)
