"""What several threads want at once is made in one go, and nobody gets what somebody else wanted."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from knowledge.batching import Batching


def test_alone_it_is_the_function_for_one() -> None:
    given: list[list[int]] = []

    def double(numbers: Sequence[int]) -> list[int]:
        given.append(list(numbers))
        return [2 * number for number in numbers]

    together = Batching(double, 8)
    assert [together(number) for number in range(3)] == [0, 2, 4]
    assert given == [[0], [1], [2]]


def test_those_who_wait_are_served_in_one_go_up_to_the_most() -> None:
    sizes: list[int] = []
    begun, free = threading.Event(), threading.Event()

    def double(numbers: Sequence[int]) -> list[int]:
        sizes.append(len(numbers))
        begun.set()
        assert free.wait(30)
        return [2 * number for number in numbers]

    together = Batching(double, 4)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(together, 0)
        assert begun.wait(30)
        rest = [pool.submit(together, number) for number in range(1, 8)]
        until = time.monotonic() + 30
        while len(together._waiting) < 7 and time.monotonic() < until:
            time.sleep(0.01)
        free.set()
        assert [one.result(30) for one in (first, *rest)] == [2 * number for number in range(8)]
    assert sizes == [1, 4, 3]


def test_an_error_is_everybodys_who_was_there_and_nobody_elses() -> None:
    def refuse(numbers: Sequence[int]) -> list[int]:
        if 13 in numbers:
            raise ValueError("13")
        return list(numbers)

    together = Batching(refuse, 8)
    with pytest.raises(ValueError, match="13"):
        together(13)
    assert together(14) == 14


def test_many_threads_get_their_own() -> None:
    together = Batching(lambda texts: [text * 2 for text in texts], 3)
    texts = [f"text {number} " for number in range(500)]
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(together, texts)) == [text * 2 for text in texts]
