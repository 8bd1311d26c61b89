"""A count taken over from the question stands only if the claim names as many things."""

import pytest

from assistant.counted import borne_out
from assistant.quantities import find_quantities


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("The two concerns to be strengthened are data governance and information security.", True),
        ("The two concerns are data governance, privacy and information security.", False),
        ("The four cities were Shenzhen, Fuzhou and Jiaxing.", False),
        ("The three cities were Shenzhen, Fuzhou, and Jiaxing.", True),
        ("In 2015, Shenzhen, Fuzhou and Jiaxing were the three cities.", True),
        ("三座城市是深圳、福州、嘉兴。", True),
        ("两座城市是深圳、福州和嘉兴。", False),
        ("要弄懂三重联系：物理城市和数字城市的场景衍生、融合共创和价值再造关系。", True),
        ("There are four cities.", False),
        ("全国共有四个试点城市。", False),
    ],
)
def test_a_count_is_borne_out_by_a_list_of_that_length(claim: str, said: bool) -> None:
    count = next(quantity for quantity in find_quantities(claim) if quantity.role == "count")
    assert borne_out(count, claim) is said


def test_an_amount_is_never_borne_out_by_a_list() -> None:
    claim = "The market is worth 3 billion yuan: Shenzhen, Fuzhou and Jiaxing."
    assert not any(borne_out(quantity, claim) for quantity in find_quantities(claim))
