"""What the evidence puts otherwise is told from what it does not speak of."""

import pytest

from assistant import quantities
from assistant.premise import presumes_a_cause, put_otherwise


@pytest.mark.parametrize(
    ("question", "evidence", "otherwise"),
    [
        ("Why do the four provinces hold less than a tenth of the cities?", "四省占比44.0%。", True),
        ("四省凭什么占了80%？", "四省占比44.0%。", True),
        ("规模为什么跌破3000亿元？", "规模将超过7000亿元。", True),
        ("四省凭什么占了80%？", "四省很强。", False),
        ("规模为什么跌破3000亿元？", "增速达到24.7%。", False),
        ("2017年规模为什么跌破3000亿元？", "规模将超过7000亿元。", False),
        ("四省凭什么占了44.0%？", "四省占比44.0%。", False),
    ],
)
def test_another_amount_of_the_same_kind(question: str, evidence: str, otherwise: bool) -> None:
    stated = {one.start for one in quantities.unsupported_quantities(question, [evidence])}
    unmet = [one for one in quantities.constraints(question) if one.start in stated]
    assert put_otherwise(question, unmet, [evidence]) is otherwise


def test_a_cause_is_presumed_where_none_is_given() -> None:
    assert presumes_a_cause("Why was the west ahead?", ["总体呈现东高西低态势。"])
    assert not presumes_a_cause("Why was the east ahead?", ["由于经济发展水平较高,东部领先。"])
    assert not presumes_a_cause("Which city has the most people?", ["总体呈现东高西低态势。"])
