"""Figures over time, drawn."""

import re
from datetime import date

import pytest

from vi_risk.replaying.pictures import FLOOR, TOP, lines_over_time, parts_over_time

DAYS = [date(2024, 1, 1), date(2024, 4, 1), date(2024, 7, 1)]


def test_a_higher_value_is_drawn_higher_and_a_later_date_further_right() -> None:
    picture = lines_over_time(DAYS, {"AUROC": [0.70, 0.74, 0.72]}, words="AUROC", form=".2f")

    assert picture is not None
    (first, *_), (second, *_), (third, *_) = picture.lines[0].points
    assert first < second < third
    heights = [y for _, y, _ in picture.lines[0].points]
    assert heights[1] < heights[2] < heights[0]  # y grows downwards
    assert all(TOP <= y <= FLOOR for y in heights)


def test_a_value_that_is_not_told_leaves_a_gap() -> None:
    picture = lines_over_time(DAYS, {"AUROC": [0.70, None, 0.72]}, words="AUROC", form=".2f")

    assert picture is not None
    assert len(picture.lines[0].points) == 2
    assert picture.lines[0].path.count("M") == 2
    assert "L" not in picture.lines[0].path


def test_a_figure_that_is_told_at_no_date_is_left_out_and_a_picture_of_none_is_none() -> None:
    told = lines_over_time(DAYS, {"list": [5.0, 6.0, 7.0], "new": [None, None, None]}, words="finds", form=".0f")

    assert told is not None
    assert [line.words for line in told.lines] == ["list"]
    assert lines_over_time(DAYS, {"new": [None, None, None]}, words="finds", form=".0f") is None


def test_the_interval_lies_around_the_line_and_breaks_where_it_is_not_told() -> None:
    picture = lines_over_time(
        DAYS, {"slope": [1.0, 1.1, 0.9]}, words="slope", form=".2f", intervals=[(0.8, 1.2), None, (0.7, 1.1)], level=1.0
    )

    assert picture is not None
    assert picture.lines[0].band.count("M") == 2
    heights = [float(y) for y in re.findall(r" ([\d.]+)", picture.lines[0].band)]
    assert min(heights) < picture.lines[0].points[0][1] < max(heights)


@pytest.mark.parametrize("values", [[0.5, 0.5, 0.5], [0.0, 0.0, 0.0], [-3.0, 0.001, 1e6]])
def test_any_values_have_an_axis_that_holds_them(values: list[float | None]) -> None:
    picture = lines_over_time(DAYS, {"x": values}, words="x", form=".2f")

    assert picture is not None
    assert 3 <= len(picture.up) <= 8
    assert all(TOP <= y <= FLOOR for _, y, _ in picture.lines[0].points)


def test_parts_of_a_whole_stand_on_each_other() -> None:
    picture = parts_over_time(DAYS, {"stayed": [10.0, None, 0.0], "new": [5.0, 5.0, 5.0]}, words="churn")

    assert picture is not None
    stayed, new = (bar for bar in picture.bars if bar.words.startswith("2024-01-01"))
    assert new.y + new.height == pytest.approx(stayed.y, abs=0.2)
    assert len(picture.bars) == 4  # what is not told, and nobody, is not drawn
    assert parts_over_time(DAYS, {"stayed": [None, 0.0, None]}, words="churn") is None
