"""The HTML report of evals in a real Chromium, opened from disk: no request to anywhere, and filters that work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evals.commands.compare import compared_report
from evals.report.model import Report
from evals.report.page import to_html
from tests.eval_answers import CASES, PILOTS, PILOTS_EN, SIZE, SIZE_ZH, answer, refusal
from tests.eval_scripts import ScriptedAssistant, go, report_of, script
from tests.scripted_backend import HOSTILE


def reports() -> tuple[Report, Report]:
    """A run, and the one before it: one case lost, one answered in other words, one full of hostile words."""
    after = script(
        size_zh=refusal(SIZE_ZH),
        pilots_en=answer(
            PILOTS_EN, [("The pilots were in Shenzhen, Fuzhou and Jiaxing.", PILOTS), ("It grew by 24.7%.", SIZE)]
        ),
        shrink_en=replace(answer(CASES[4], [(HOSTILE, SIZE)]), question=HOSTILE),
    )
    before, now = report_of(go()), report_of(go(ScriptedAssistant(after)))
    return compared_report(now, before, "before.json"), before


class Opened:
    """The page in a browser; keeps every address it asked for and every error."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.asked: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        self.page.goto(path.as_uri())

    def shown(self) -> list[str]:
        return [str(one) for one in self.page.locator(".case:visible .id").all_inner_texts()]


@pytest.fixture
def page(chromium: Any, tmp_path: Path) -> Iterator[Opened]:
    path = tmp_path / "report.html"
    path.write_text(to_html(*reports()), encoding="utf-8")
    opened = Opened(chromium, path)
    yield opened
    opened.context.close()
    assert opened.asked == [path.as_uri()]
    assert opened.errors == [], "the page's own policy refuses nothing of its own"


def test_filters_show_the_cases_that_fit(page: Opened) -> None:
    choose = page.page.locator
    assert page.shown() == [case.id for case in CASES]
    choose("[data-filter=language]").select_option("zh")
    assert page.shown() == ["size.zh", "mayor.zh"]
    assert choose("#count").inner_text() == "2 of 5 cases"
    choose("[data-filter=outcome]").select_option("failed")
    assert page.shown() == ["size.zh"]
    choose("[data-filter=language]").select_option("")
    choose("[data-filter=outcome]").select_option("")
    choose("[data-filter=kind]").select_option("fact")
    choose("[data-filter=change]").select_option("answer")
    assert page.shown() == ["pilots.en"]
    choose("[data-filter=change]").select_option("")
    choose("[data-filter=text]").fill("嘉兴")
    assert page.shown() == ["pilots.en"]
    choose("[data-filter=text]").fill("nowhere")
    assert page.shown() == []


def test_both_answers_stand_side_by_side_with_what_differs_marked(page: Opened) -> None:
    case = page.page.locator(".case", has_text="pilots.en")
    case.locator("summary").first.click()
    before, now = case.locator("section.answer").nth(0), case.locator("section.answer").nth(1)
    left, right = before.bounding_box(), now.bounding_box()
    assert left["x"] + left["width"] <= right["x"]
    assert before.locator(".claim.differs").count() == 0
    assert now.locator(".claim.differs").all_inner_texts() == ["It grew by 24.7%. [2]"]
    assert now.locator("mark").all_inner_texts() == [PILOTS, SIZE]


def test_hostile_words_are_words(page: Opened) -> None:
    case = page.page.locator(".case", has_text="shrink.en")
    case.locator("summary").first.click()
    assert HOSTILE in case.locator("section.answer").nth(1).inner_text()
    assert page.page.evaluate("window.hacked") is None
    assert page.page.locator("img, a, body strong").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_can_be_read_in_light_and_dark_and_on_a_phone(chromium: Any, tmp_path: Path, scheme: str) -> None:
    path = tmp_path / "report.html"
    path.write_text(to_html(*reports()), encoding="utf-8")
    opened = Opened(chromium, path, color_scheme=scheme)
    opened.page.locator(".case summary").first.click()
    contrasts = opened.page.evaluate(CONTRASTS)
    assert min(contrasts) >= 4.5, contrasts
    opened.page.set_viewport_size({"width": 390, "height": 844})
    assert opened.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    opened.context.close()


def test_without_scripts_every_case_is_shown(chromium: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(to_html(*reports()), encoding="utf-8")
    opened = Opened(chromium, path, java_script_enabled=False)
    assert len(opened.shown()) == len(CASES)
    opened.context.close()


CONTRASTS = """() => {
  const light = (channel) => (channel /= 255) <= 0.03928 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number);
    return 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (!/, 0\\)$|transparent/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("p, td, th, h1, h2, h4, summary, .badge, .id, .chip, label, cite, mark")]
    .filter((one) => one.checkVisibility() && one.textContent.trim())
    .map((one) => {
      const [a, b] = [luminance(getComputedStyle(one).color), luminance(behind(one))].sort((x, y) => y - x);
      return (a + 0.05) / (b + 0.05);
    });
}"""
