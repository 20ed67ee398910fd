"""Places by lot at the line: person, practice, risk, what else is known, and the rank on the list of the practice."""

import pytest

from tests.spec.caselists.listing import BELOW, Line, assert_listed, listed_before, lists_of
from vi_risk.caselists.choosing.tie_band import BY_LOT, NOT_DRAWN

BOB_DRAWN, CYD_DRAWN = 1, 2  # seeds
FOUR = ("Ann", 0.50), ("Bob", 0.40), ("Cyd", 0.30), ("Dan", 0.20)


def band(seed: int, width: int = 1) -> str:
    return f"[places.tie_band]\nwidth = {width}\nseed = {seed}"


@pytest.mark.parametrize(
    ("seed", "ranks"),
    [
        (BOB_DRAWN, (1, 2, NOT_DRAWN, BELOW)),
        (CYD_DRAWN, (1, NOT_DRAWN, 3, BELOW)),
    ],
)
def test_the_last_place_goes_to_either_of_those_next_to_the_line(seed: int, ranks: tuple[int | str, ...]) -> None:
    lines: list[Line] = [(name, "North", risk, {}, rank) for (name, risk), rank in zip(FOUR, ranks, strict=True)]

    assert_listed(lines, band(seed), capacity=2)


def test_who_is_kept_off_is_in_no_lot() -> None:
    lines: list[Line] = [
        ("Ann", "North", 0.50, {}, 1),
        ("Eve", "North", 0.45, {"days_since_mdt_review_730d": 10}, "reviewed in the last 12 weeks"),
        ("Bob", "North", 0.40, {}, NOT_DRAWN),
        ("Cyd", "North", 0.30, {}, 3),
    ]

    assert_listed(lines, band(CYD_DRAWN), capacity=2)


def test_the_list_says_whose_place_was_drawn_and_nothing_without_a_band() -> None:
    lines: list[Line] = [(name, "North", risk, {}, rank) for (name, risk), rank in zip(FOUR, (1, 2, 3, 4), strict=True)]

    drawn, without = lists_of(lines, band(BOB_DRAWN), capacity=2)["North"], lists_of(lines, capacity=2)["North"]

    assert drawn.table["flags"].tolist() == ["", BY_LOT]
    assert "the last place drawn by lot" in drawn.about.places
    assert without.table["flags"].tolist() == ["", ""]
    assert "lot" not in without.about.places


@pytest.mark.parametrize(("seed", "not_drawn"), [(BOB_DRAWN, "Cyd"), (CYD_DRAWN, "Bob")])
def test_who_is_not_drawn_is_told_on_the_sheet_of_those_left_out_with_why(seed: int, not_drawn: str) -> None:
    recently = {"days_since_mdt_review_730d": 10}
    lines: list[Line] = [
        ("Ann", "North", 0.50, {}, 1),
        ("Eve", "North", 0.45, recently, "reviewed in the last 12 weeks"),
        ("Bob", "North", 0.40, {}, 2 if seed == BOB_DRAWN else NOT_DRAWN),
        ("Cyd", "North", 0.30, {}, 3 if seed == CYD_DRAWN else NOT_DRAWN),
        ("Dan", "North", 0.20, {}, BELOW),  # in no lot
    ]

    drawn, without = lists_of(lines, band(seed), capacity=2)["North"], lists_of(lines, capacity=2)["North"]

    reasons = drawn.excluded[["patient_id", "reason"]].itertuples(index=False, name=None)
    assert list(reasons) == [("Eve", "reviewed in the last 12 weeks"), (not_drawn, NOT_DRAWN)]
    assert drawn.excluded_counts == without.excluded_counts  # no rule keeps them off whatever the risk
    assert without.excluded["patient_id"].tolist() == ["Eve"]


@pytest.mark.parametrize("others", [(), (("gone", "North", 9),)])  # of whom nothing is known
@pytest.mark.parametrize(("seed", "not_drawn"), [(BOB_DRAWN, "Cyd"), (CYD_DRAWN, "Bob")])
def test_who_was_listed_and_is_not_drawn_now_is_told_so(
    seed: int, not_drawn: str, others: tuple[tuple[str, str, int], ...]
) -> None:
    lines = [(name, "North", risk, {}) for name, risk in FOUR]
    before = listed_before(*((name, "North", place) for place, (name, _) in enumerate(FOUR, start=1)), *others)

    left = lists_of(lines, band(seed), capacity=2, before=before)["North"].left

    assert dict(zip(left["patient_id"], left["why"], strict=True)) | dict.fromkeys(["gone"]) == {
        not_drawn: NOT_DRAWN,
        "Dan": "below the line: place 4 now",
        "gone": None,
    }
