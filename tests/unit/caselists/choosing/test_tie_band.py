"""The places next to the line by lot: who is in it, who is drawn, and that it comes out the same again."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vi_risk.caselists.choosing.places import give_places, held_by_floor
from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.caselists.choosing.tie_band import LOT_COLUMNS, Lot, TieBand, draw_at_the_line, lot_of
from vi_risk.errors import SpecificationError


def people_of(*meetings: str) -> pd.DataFrame:
    """Return people in order, one for each letter."""
    return pd.DataFrame(
        {"patient_id": [f"p{place}" for place in range(len(meetings))], "index_date": "2025-01-01", "meeting": meetings}
    )


def drawn_from(people: pd.DataFrame, capacity: int, width: int, *, floor: int = 0, seed: int = 1) -> tuple[Any, Lot]:
    may = np.ones(len(people), dtype=bool)
    listed = give_places(people["meeting"], people["meeting"], may, capacity=capacity, floor=floor)
    held = held_by_floor(people["meeting"], may, floor)
    return listed, draw_at_the_line(people, listed, may, held, band=TieBand(width, seed))


@given(
    meetings=st.lists(st.sampled_from("AB"), min_size=1, max_size=40),
    capacity=st.integers(1, 8),
    width=st.integers(0, 4),
    seed=st.integers(0, 50),
)
def test_a_lot_gives_as_many_places_as_there_were_to_those_at_the_line(
    meetings: list[str], capacity: int, width: int, seed: int
) -> None:
    people = people_of(*meetings)

    listed, lot = drawn_from(people, capacity, width, seed=seed)

    for meeting in {*meetings}:
        rows = (people["meeting"] == meeting).to_numpy()
        of_lot = np.flatnonzero(lot.in_band & rows)
        line = np.flatnonzero(listed & rows)[-1] if (listed & rows).any() else -1
        assert lot.drawn[of_lot].sum() == listed[of_lot].sum()
        assert (of_lot <= line).sum() <= width
        assert (of_lot > line).sum() <= width
        if of_lot.size:
            assert lot.chance[of_lot].tolist() == [listed[of_lot].sum() / of_lot.size] * of_lot.size
            assert {*np.flatnonzero(rows & ~lot.in_band & ~listed)}.isdisjoint(range(of_lot.min(), of_lot.max()))
    assert not (lot.drawn & ~lot.in_band).any()
    assert np.isnan(lot.chance[~lot.in_band]).all()


def test_where_everyone_has_a_place_there_is_no_line() -> None:
    _, lot = drawn_from(people_of(*"AAA"), 3, 2)

    assert not lot.in_band.any()


def test_a_place_that_a_floor_holds_is_in_no_lot() -> None:
    _, lot = drawn_from(people_of(*"AAAAA"), 3, 3, floor=2)

    assert lot.in_band.tolist() == [False, False, True, True, True]
    assert lot.chance[2] == pytest.approx(1 / 3)


def test_the_lot_of_a_person_hangs_on_seed_date_and_pseudonym_alone() -> None:
    people = people_of(*"AAAAAAAA")
    others = pd.concat([people_of(*"B" * 6).assign(patient_id=[f"q{n}" for n in range(6)]), people], ignore_index=True)

    _, lot = drawn_from(people, 4, 3)
    _, again = drawn_from(others, 4, 3)
    elsewhere = [drawn_from(people.assign(index_date=f"2025-{month:02d}-01"), 4, 3)[1] for month in range(1, 13)]
    reseeded = [drawn_from(people, 4, 3, seed=seed)[1] for seed in range(12)]

    assert again.drawn[6:].tolist() == lot.drawn.tolist()
    assert len({tuple(one.drawn) for one in elsewhere}) > 1
    assert len({tuple(one.drawn) for one in reseeded}) > 1


def test_everybody_at_the_line_is_drawn_as_often() -> None:
    people = people_of(*"AAAAAAAA")

    times = np.sum([drawn_from(people, 4, 2, seed=seed)[1].drawn for seed in range(2000)], axis=0)

    np.testing.assert_allclose(times[2:6] / 2000, 0.5, atol=0.05)
    assert times[[0, 1, 6, 7]].tolist() == [0, 0, 0, 0]


def test_the_record_of_a_lot_holds_who_was_in_it_and_nobody_else() -> None:
    ranked = people_of(*"AAAA").assign(practice_code="A", rank=range(1, 5))
    listed, lot = drawn_from(ranked, 2, 1)
    ranked = ranked.assign(
        in_tie_band=lot.in_band, lot_chance=lot.chance, listed=np.where(lot.in_band, lot.drawn, listed)
    )

    kept = lot_of(ranked)

    assert kept is not None
    assert tuple(kept) == LOT_COLUMNS
    assert kept["patient_id"].tolist() == ["p1", "p2"]
    assert sorted(kept["drawn"]) == [False, True]
    assert lot_of(ranked.drop(columns="in_tie_band")) is None


def test_a_site_declares_the_band_with_its_places(tmp_path: Path) -> None:
    rules = tmp_path / "ours.toml"
    rules.write_text("[places.tie_band]\nwidth = 2\nseed = 7\n", encoding="utf-8")

    assert load_rules(rules).places.tie_band == TieBand(2, 7)
    assert load_rules().places.tie_band == TieBand(0)
    assert "the last 2 places drawn by lot" in load_rules(rules).places.in_words(20, ("practice", "A"))
    assert "lot" not in load_rules().places.in_words(20, ("practice", "A"))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("width = 11", "places.tie_band.width: expected a whole number from 0 to 10, found 11"),
        ("width = true", "places.tie_band.width: expected a whole number"),
        ("seed = -1", "places.tie_band.seed: expected a whole number from 0, found -1"),
        ("wide = 1", "places.tie_band.wide: is not a known key. Expected one of: width, seed"),
    ],
)
def test_a_band_that_cannot_be_is_told(tmp_path: Path, text: str, fault: str) -> None:
    rules = tmp_path / "ours.toml"
    rules.write_text(f"[places.tie_band]\n{text}\n", encoding="utf-8")

    with pytest.raises(SpecificationError) as told:
        load_rules(rules)

    assert fault in str(told.value)


def test_a_band_that_is_no_table_is_told(tmp_path: Path) -> None:
    rules = tmp_path / "ours.toml"
    rules.write_text("[places]\ntie_band = 3\n", encoding="utf-8")

    with pytest.raises(SpecificationError, match=r"places\.tie_band: expected a table, found 3\. Write \[places\.tie"):
        load_rules(rules)


def test_a_band_made_in_python_is_checked_too() -> None:
    with pytest.raises(SpecificationError, match=r"case list rules: places.tie_band.width"):
        TieBand(99)
