"""The measurements: an answer that failed must not count as a fast one."""

from __future__ import annotations

import threading

import pytest

from tests.browser.conftest import Served
from tests.browser.times import User, at_once, told


@pytest.mark.usefixtures("chromium")  # its event loop; without one Gradio makes some that it never closes
def test_answers_are_told_from_failures_and_many_ask_at_once(served: Served) -> None:
    users = [User(served.address, f"measured-{at:023}") for at in range(5)]
    writing = threading.Event()
    good = users[0].ask("规模？", writing)
    assert good.failed == ""
    assert good.seconds > 0.02, "the scripted model pauses longer than that"
    assert writing.is_set()
    assert users[1].ask("error").failed
    assert [bool(one.failed) for one in at_once(users[2:], ["规模？", "crash", "How large?"])] == [False, True, False]


def test_the_95th_percentile_of_twenty_is_the_nineteenth(capsys: pytest.CaptureFixture[str]) -> None:
    seconds = [1.0] * 18 + [2.0, 3.0]
    assert told("many", seconds, 2.0, worst=False)
    assert not told("many", seconds, 1.9, worst=False)
    assert not told("some", seconds, 2.0, worst=True)
    assert "TOO SLOW" in capsys.readouterr().out
