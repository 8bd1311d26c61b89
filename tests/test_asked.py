"""What kind of thing a question asks for has to be in the evidence: a date, a number, the holder of a role."""

import pytest

from assistant.asked import asked_role, unmet_form
from assistant.assistant import Assistant

pytestmark = pytest.mark.weights


@pytest.mark.parametrize(
    ("question", "evidence", "met"),
    [
        ("When does the tax office open?", "The tax office opens at nine.", True),
        ("When does the tax office close?", "It closes at noon.", True),
        ("图书馆什么时候开门？", "图书馆上午开门。", True),
        ("When was the library founded?", "The library was founded in 1987.", True),
        ("When was the library founded?", "The library lends books.", False),
        ("图书馆什么时候成立的？", "图书馆出借图书。", False),
        ("How many books does it lend?", "The library lends 12,000 books.", True),
        ("How many books does it lend?", "The library lends books.", False),
        ("Who is the mayor of Oakville?", "The mayor of Oakville is Ann Wood.", True),
        ("Who is the mayor of Oakville?", "Oakville has a library.", False),
        ("谁是市长？", "深圳市举行了会议。", False),
        ("《护卫者》的主演是谁？", "周建斌（张丰毅 饰）是老民警。", True),
        ("《护卫者》的导演是谁？", "该片由徐昂执导。", True),
        ("《护卫者》的导演是谁？", "周建斌（张丰毅 饰）是老民警。", False),
        ("Who is the publisher?", "发布机构：深圳市智慧城市产业协会。", True),
        ("Why is the library closed?", "It rained.", True),
        ("图书馆一共花了多少钱？", "图书馆有3座分馆。", False),
        ("图书馆一共花了多少钱？", "图书馆投资3000万元。", True),
        ("How much did the library cost?", "The library has 3 branches.", False),
        ("What lowers the cost of a library?", "Volunteers do.", True),
        ("他们花了多少时间？", "他们工作了3年。", True),
        ("How much did the library cost?", "The library cost 3 million dollars.", True),
    ],
)
def test_the_kind_of_thing_asked_for_is_in_the_evidence(
    assistant: Assistant, question: str, evidence: str, met: bool
) -> None:
    unmet = unmet_form(question, assistant.searcher.prepare(question), [evidence], [evidence])
    assert (unmet == ()) is met


@pytest.mark.parametrize(
    ("question", "role"),
    [
        ("Who is the mayor of Shenzhen?", "mayor"),
        ("深圳市现任市长是谁？", "市长"),
        ("谁担任秘书长？", "秘书长"),
        ("哪几位是作者？", ""),
        ("男单金牌得主是谁？", ""),
        ("Who was the winner of the cup?", ""),
        ("冠军教练是谁？", "冠军教练"),
        ("What is a smart city?", ""),
    ],
)
def test_the_role_whose_holder_is_asked_for(question: str, role: str) -> None:
    assert asked_role(question) == role
