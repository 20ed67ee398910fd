"""Peers by hand: who they are, what contributions they have on average, and what is usual among them."""

import numpy as np
import pytest

from tests.spec.reasons.given import SHIPPED, UNSEEN, Person, given, peers
from vi_risk.reasons.peers import FEWEST, Peers

ADMISSIONS = "emergency_admissions_365d"
FEATURES = {feature.name: feature for feature in SHIPPED.features}


def means_for(patient: Person, others: list[Person]) -> float:
    """Return the mean contribution of admissions that the first person is set against."""
    model, snapshots = given([patient, *others])
    found = Peers.of(*snapshots.rows("list"))
    return float(found.mean_contributions(model, found.group[:1])[ADMISSIONS].iloc[0])


def test_peers_are_of_the_same_age_band_and_sex() -> None:
    others = [
        *peers(59, [{ADMISSIONS: (1, 0.2)}], age=84),
        *peers(60, [{ADMISSIONS: (1, 0.7)}], age=85),
        *peers(60, [{ADMISSIONS: (1, 0.9)}], sex="male"),
    ]

    assert means_for(Person({ADMISSIONS: (1, 0.2)}), others) == pytest.approx(0.2)


def test_where_there_are_few_peers_those_nearest_in_age_of_that_sex_stand_for_them() -> None:
    others = [
        *peers(100, [{ADMISSIONS: (1, 0.2)}], age=83),
        *peers(100, [{ADMISSIONS: (1, 0.7)}], age=30),
        *peers(100, [{ADMISSIONS: (1, 0.9)}], age=91, sex="male"),
    ]

    # A hundred of them with the woman herself, so that one of the others is left out.
    assert means_for(Person({ADMISSIONS: (1, 0.2)}, age=93), others) == pytest.approx(0.2)


def test_where_few_are_of_that_sex_people_nearest_in_age_stand_for_them() -> None:
    others = [*peers(99, [{ADMISSIONS: (1, 0.2)}]), *peers(99, [{ADMISSIONS: (1, 0.7)}], age=30)]

    assert means_for(Person({ADMISSIONS: (1, 0.2)}, sex="not known"), others) == pytest.approx(0.2)


def test_among_fewer_than_fifty_people_contributions_stand_as_they_are() -> None:
    assert means_for(Person({ADMISSIONS: (1, 0.5)}), peers(FEWEST - 2, [{ADMISSIONS: (1, 0.4)}])) == 0
    assert means_for(Person({ADMISSIONS: (1, 0.4)}), peers(FEWEST - 1, [{ADMISSIONS: (1, 0.4)}])) == pytest.approx(0.4)


def test_a_sample_is_spread_over_all_peers_and_the_same_each_time() -> None:
    others = [Person({ADMISSIONS: (1, float(n))}) for n in range(1, 1_000)]

    first = means_for(Person({ADMISSIONS: (1, 0.0)}), others)

    assert first == pytest.approx(np.linspace(0, 999, 100).astype(int).mean())
    assert means_for(Person({ADMISSIONS: (1, 0.0)}), others) == first


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([0.0], "people of the same age and sex: 0.0"),
        ([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.4], "people of the same age and sex: under 0.1"),
        ([2.0, 3.0], "people of the same age and sex: 2.5"),
        ([12.0, 13.0], "people of the same age and sex: 12"),
        ([1200.0], "people of the same age and sex: 1,200"),
    ],
)
def test_a_mean_is_told_as_precisely_as_it_is_read(values: list[float], words: str) -> None:
    _, snapshots = given(peers(60, [{ADMISSIONS: (value, 0.0)} for value in values]))

    usual = Peers.of(*snapshots.rows("list")).usual(FEATURES[ADMISSIONS], 0)

    assert usual is not None
    assert usual.in_words(FEATURES[ADMISSIONS].definition, 3.0) == words


def test_what_is_usual_is_of_those_whose_gp_record_is_seen() -> None:
    review = "days_since_medication_review_730d"
    seen = peers(60, [{review: (30, 0)}, {review: (UNSEEN, 0)}])
    _, snapshots = given([*seen, *peers(60, [{review: (UNSEEN, 0)}], gp_seen_from=None)])

    usual = Peers.of(*snapshots.rows("list")).usual(FEATURES[review], 0)

    assert usual is not None
    assert usual.share_as_far(30, -1.0) == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["age", "sex_female"])
def test_age_and_sex_are_what_peers_share_and_are_not_compared(name: str) -> None:
    _, snapshots = given(peers(60, [{name: (1, 0.0)}]))

    assert Peers.of(*snapshots.rows("list")).usual(FEATURES[name], 0) is None
