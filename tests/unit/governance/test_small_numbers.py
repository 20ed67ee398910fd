"""The rule of small numbers: what is told, what is left out beside it, and what someone who subtracts is left with."""

from collections import defaultdict
from itertools import product

import pytest

from vi_risk.governance.declaration import SmallNumbers
from vi_risk.governance.small_numbers import Disclosure

RULE = Disclosure()


def test_the_rule_that_is_shipped_is_that_of_the_governance_file() -> None:
    file = SmallNumbers()
    assert (RULE.fewer_than, RULE.round_to) == (file.fewer_than, file.round_to) == (8, 5)
    assert Disclosure.of(None) == RULE
    assert Disclosure.of({"fewer_than": 11, "round_to": 10}) == Disclosure(11, 10)


@pytest.mark.parametrize("rule", [RULE, Disclosure(11, 10), Disclosure(8, 20)])
def test_numbers_are_left_out_or_rounded_and_0_is_nobody_alone(rule: Disclosure) -> None:
    assert rule.count(0) == 0
    assert rule.count(None) is None
    for number in range(1, 200):
        told = rule.count(number)
        assert (told is None) == (number < rule.fewer_than)
        assert told is None or (told > 0 and told % rule.round_to == 0)
        assert told is None or abs(told - number) <= rule.round_to / 2 or told == rule.round_to


def test_what_is_told_does_not_move_when_it_is_told_again() -> None:
    for number in range(8, 300):
        assert RULE.count(RULE.count(number)) == RULE.count(number)


@pytest.mark.parametrize(("parts", "most"), [(2, 40), (3, 26), (4, 18)])
def test_no_small_part_of_any_small_table_has_one_value_alone_to_who_knows_the_total(parts: int, most: int) -> None:
    tables = defaultdict(set)
    for numbers in product(range(most + 1), repeat=parts):
        if 8 <= sum(numbers) <= most:
            told = RULE.table(dict(enumerate(numbers)))
            tables[sum(numbers), tuple(told.values())].add(numbers)

    for (total, shown), could_be in tables.items():
        at_an_end = all({*numbers} <= {0, 7} or {*numbers} <= {0, 1} for numbers in could_be)  # see the docstring
        for place in range(parts):
            values = {numbers[place] for numbers in could_be}
            assert shown[place] is not None or len(values) > 1 or max(values) > 7 or at_an_end, (total, shown)


def test_a_part_is_left_out_beside_a_small_one_that_its_total_would_tell() -> None:
    assert RULE.table({"a": 63, "b": 63, "c": 73, "d": 1}) == {"a": None, "b": 65, "c": 75, "d": None}
    assert RULE.table({"a": 65, "b": 65, "c": 69, "d": 1}) == {"a": 65, "b": 65, "c": 70, "d": None}


def test_of_a_part_that_nobody_told_before_the_total_is_asked() -> None:
    assert RULE.table({"a": 63, "b": 63, "c": 73, "d": None}, total=200)["a"] is None
    assert RULE.table({"a": 63, "b": 63, "c": 73, "d": None})["a"] == 65


def test_beside_a_part_that_the_others_show_not_to_be_small_nothing_is_left_out() -> None:
    """Of 2,810 people the last part is 22 to 38: nobody of them can be found by it."""
    fifths = {"1": 1495, "2": 518, "3": 511, "4": 257, "not known": None}

    assert RULE.table(fifths, total=2810) == {"1": 1495, "2": 520, "3": 510, "4": 255, "not known": None}


def test_the_same_people_under_two_attributes_are_told_in_both_or_in_neither() -> None:
    numbers = {
        "record": {"seen": 63, "partly": 63, "not seen": 73, "unknown": 1},
        "practice": {"ours": 63, "other": 137},
    }
    same = {
        "record": {"seen": "ours and seen", "partly": 1, "not seen": 2, "unknown": 3},
        "practice": {"ours": "ours and seen", "other": 4},
    }

    told = RULE.tables(numbers, same)

    assert told["record"]["seen"] is None
    assert told["practice"]["ours"] is None
    assert told["practice"]["other"] == 135


def test_a_share_times_its_denominator_is_a_rounded_number() -> None:
    for part in range(8, 60):
        share = RULE.share(part, 60)
        assert share is not None
        assert share * 60 == pytest.approx(RULE.count(part) or -1)
    assert RULE.share(60, 58) == 1.0
    assert RULE.share(3, 60) is RULE.share(3, 5) is RULE.share(0, 0) is None


def test_an_interval_keeps_at_least_its_length_and_holds_what_is_told() -> None:
    for low, value, high in ((0.40, 0.47, 0.53), (0.0, 0.03, 0.2), (0.81, 0.99, 1.0)):
        told = RULE.in_steps(value, 120)
        assert told is not None
        ends = RULE.interval([low, high], value=value, told=told, of=120)
        assert ends is not None
        assert ends[0] <= told <= ends[1]
        assert ends[1] - ends[0] >= high - low - 1e-9 or ends[0] == 0 or ends[1] == 1
    assert RULE.interval(None, value=0.5, told=0.5, of=120) is None
    assert RULE.interval([0.4, 0.6], value=0.5, told=None, of=120) is None


def test_numbers_in_a_sentence_are_told_by_the_rule_and_others_stay() -> None:
    said = "104 of 280 columns kept; fitted on one row each of 14,271 people, of 69,403 training rows; 3 rows, 4 months"
    assert RULE.sentence(said) == (
        "104 of 280 columns kept; fitted on one row each of 14,270 people, of 69,405 training rows; fewer than 8 rows,"
        " 4 months"
    )
