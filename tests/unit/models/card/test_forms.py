"""The page and the text: one set of words and numbers, readable by everyone, from nowhere but the card itself."""

import html
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from vi_risk.errors import UsageError
from vi_risk.models.card import ModelCard, decision_curve_figure, reliability_figure, write_card
from vi_risk.models.templates import FOLDER

Write = Callable[[ModelCard], Any]
_FIGURE = re.compile(r"\d+(?:[,.]\d+)*")

# Numbers of the model's results that no reader needs: what other figures are made of, or the ends of drawn curves.
_NOT_SHOWN = ("true_cases", "calibration_curve", "intervals.auroc", "intervals.net_benefit", "intervals.true_cases")


def figures(words: str) -> list[str]:
    return _FIGURE.findall(words)


def as_words(markdown: str) -> str:
    """Return Markdown without its marks, as a reader sees it."""
    without_links = re.sub(r"\]\(#[^)]*\)", "", markdown)
    return re.sub(r"\\(.)|[|*`>\[]|^#+ |^- |-+:?\|", r"\1", without_links, flags=re.MULTILINE)


@pytest.mark.parametrize("kind", ["card", "discharge_card", "count_card"])
def test_both_forms_hold_the_same_figures_in_the_same_order(
    kind: str, write: Write, request: pytest.FixtureRequest
) -> None:
    written = write(request.getfixturevalue(kind))
    of_page = figures(written.words.removeprefix("Skip to the card "))

    assert len(of_page) > 300
    assert figures(as_words(written.markdown)) == of_page


def leaves(content: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Return the place of every number in a content of JSON."""
    inside = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in inside:
        if isinstance(value, int | float):
            yield (*path, key)
        else:
            yield from leaves(value, (*path, key))


def changed(evaluation: dict[str, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
    """Return an evaluation in which one number is another one."""
    other = deepcopy(evaluation)
    *above, last = path
    part: Any = other
    for key in above:
        part = part[key]
    part[last] = part[last] * 2 + 11 if isinstance(part[last], int) else part[last] * 2 + 0.3
    return other


@pytest.mark.parametrize("kind", ["card", "discharge_card", "count_card"])
def test_a_number_of_the_run_that_changes_changes_on_both_forms_alike(
    kind: str, write: Write, request: pytest.FixtureRequest
) -> None:
    card = request.getfixturevalue(kind)
    before = write(card)
    still = []
    paths = [*leaves({"model": card.evaluation["model"]})]
    for path in paths[:: max(1, len(paths) // 80)]:
        after = write(replace(card, evaluation=changed(card.evaluation, path)))
        assert (before.words == after.words) == (before.markdown == after.markdown), path
        assert figures(as_words(after.markdown)) == figures(after.words.removeprefix("Skip to the card ")), path
        if before.words == after.words:
            still.append(".".join(map(str, path[1:])))

    assert [name for name in still if not any(part in name for part in _NOT_SHOWN)] == []


def test_no_figure_is_written_into_the_template() -> None:
    template = (FOLDER / "model_card.html.jinja").read_text(encoding="utf-8")
    shown = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", template, flags=re.DOTALL)

    assert figures(shown) == []


def test_the_page_fetches_nothing_and_runs_nothing_and_its_links_lead_somewhere(card: ModelCard, write: Write) -> None:
    page = write(card).page
    assert not re.search(r"https?:|url\(|@import|<script|<link|<img|src=", page)
    targets, names = re.findall(r'href="([^"]*)"', page), re.findall(r'\bid="([^"]*)"', page)
    assert len(names) == len(set(names))
    assert {target.removeprefix("#") for target in targets} <= set(names)
    assert all(target.startswith("#") for target in targets)


def test_links_of_the_text_lead_to_its_headings(card: ModelCard, write: Write) -> None:
    markdown = write(card).markdown
    headings = [line.lstrip("# ") for line in markdown.splitlines() if line.startswith("#")]
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    found = re.findall(r"\]\(#([^)]*)\)", markdown)
    assert len(found) > 20
    assert set(found) <= slugs


@pytest.mark.parametrize("kind", ["card", "discharge_card", "count_card"])
def test_every_table_and_plot_can_be_read_without_seeing_it(
    kind: str, write: Write, request: pytest.FixtureRequest
) -> None:
    page = write(request.getfixturevalue(kind)).page
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    tables = re.findall(r"<table.*?</table>", page, re.DOTALL)
    assert len(tables) == page.count('role="region" aria-labelledby=') > 5
    for table in tables:
        assert "<caption><span" in table
        assert table.count("<th ") == table.count("<th scope=")
        columns = len(re.findall(r'<th scope="col"', table))
        for row in re.findall(r"<tr>(.*?)</tr>", table.partition("</thead>")[2], re.DOTALL):
            assert row.count('<th scope="row"') == 1
            assert row.count("<td") == columns - 1
    plots = re.findall(r"<svg[^>]*>", page)
    assert plots
    assert all('role="img" aria-labelledby="' in plot for plot in plots)


@pytest.mark.parametrize("theme", [0, 1])
def test_words_stand_out_from_what_they_stand_on(theme: int) -> None:
    style = (FOLDER / "nhs.css").read_text(encoding="utf-8")
    blocks = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", style, re.S)
    ]
    colours = blocks[0] | (blocks[1] if theme else {})
    for words, ground in (
        ("text", "page"),
        ("text", "card"),
        ("quiet", "card"),
        ("grade-2", "page"),
        ("on-blue", "blue"),
    ):
        assert _contrast(colours[words], colours[ground]) >= 4.5, (words, ground)


def _contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2 defines it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_appears_as_text_in_both_forms(card: ModelCard, write: Write) -> None:
    odd = '<script>alert(1)</script> "مرحبا" 🏥 & Sons | *x* [y](z)'
    written = write(replace(card, title=odd, warnings=[odd], versions={odd: odd}))
    assert "<script" not in written.page
    assert html.unescape(written.page).count(odd) >= 5
    assert "\\<script\\>" in written.markdown
    assert "\\| \\*x\\* \\[y\\](z)" in written.markdown


@pytest.mark.parametrize("name", ["card.html", "card.md"])
def test_the_same_card_gives_the_same_bytes(card: ModelCard, tmp_path: Path, name: str) -> None:
    write_card(card, tmp_path / name)
    first = (tmp_path / name).read_bytes()
    write_card(card, tmp_path / name)
    assert (tmp_path / name).read_bytes() == first


def test_a_card_of_another_ending_is_refused(card: ModelCard, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"card\.pdf: a model card is written as \.html or \.md"):
        write_card(card, tmp_path / "card.pdf")


# --- plots ------------------------------------------------------------------------------------------------------------


def test_all_that_is_drawn_lies_inside_its_plot(card: ModelCard, count_card: ModelCard, write: Write) -> None:
    for each, lines in ((card, 15), (count_card, 1)):
        page = write(each).page
        drawn = re.findall(r'points="([^"]*)"', page)
        places = [tuple(map(float, point.split(","))) for points in drawn for point in points.split()]
        places += [tuple(map(float, dot)) for dot in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', page)]
        assert len(places) > lines
        assert all(60 <= x <= 435 and 20 <= y <= 395 for x, y in places)


def test_every_group_of_the_reliability_plot_is_drawn_with_its_interval(card: ModelCard, write: Write) -> None:
    plot = re.findall(r"<svg.*?</svg>", write(card).page, re.DOTALL)[0]
    told = [group for group in card.evaluation["model"]["reliability"] if group["observed"] is not None]
    assert plot.count("<circle") == plot.count('class="interval"') == len(told) > 0


def test_the_pictures_have_the_same_bytes_each_time_and_others_for_other_numbers(
    card: ModelCard, count_card: ModelCard
) -> None:
    for evaluation, figure in (
        (card.evaluation, reliability_figure),
        (card.evaluation, decision_curve_figure),
        (count_card.evaluation, reliability_figure),
    ):
        picture = figure(evaluation)
        assert picture is not None
        assert picture.startswith(b"\x89PNG")
        assert picture == figure(evaluation)
    model = card.evaluation["model"]
    shifted = {**card.evaluation, "model": {**model, "reliability": model["reliability"][:3]}}
    assert reliability_figure(shifted) != reliability_figure(card.evaluation)
    assert reliability_figure({"model": {"reliability": []}, "comparators": {}}).startswith(b"\x89PNG")
    assert decision_curve_figure({"model": {}, "comparators": {}}) is None
