"""How a window ends: what it shows, what happened to the person, the outcome, how and on which day the window ended.

Days count from the index date, which is day 0; the window is the hundred days from 0 to 99.
"""

from tests.spec.cohort.following import admitted, assert_table, day, died, registered

NOTHING = ()


def test_what_comes_first_ends_the_window() -> None:
    assert_table(
        [
            ("nothing happens", NOTHING, 0, "horizon", 100),
            ("an emergency", [admitted(10, 12)], 1, "event", 10),
            ("on the index date", [admitted(0, 1)], 1, "event", 0),
            ("on the last day", [admitted(99, 101)], 1, "event", 99),
            ("a day too late", [admitted(100, 101)], 0, "horizon", 100),
            ("before the index date", [admitted(-1, 5)], 0, "horizon", 100),
            ("planned", [admitted(10, 12, admission_method="11")], 0, "horizon", 100),
            ("death", [died(30)], 0, "died", 30),
            ("death on the last day", [died(99)], 0, "died", 99),
            ("death later", [died(100)], 0, "horizon", 100),
            ("an emergency, then death", [admitted(10), died(30)], 1, "event", 10),
            ("an emergency and death on one day", [admitted(30), died(30)], 1, "event", 30),
            ("an admission written down after death", [admitted(31), died(30)], 0, "died", 30),
            ("dead before, which was not known then", [admitted(3), died(-2)], 0, "died", 0),
            ("death in hospital", [admitted(-5, 20, discharge_method="4")], 0, "died", 20),
        ]
    )


def test_who_leaves_is_followed_until_then() -> None:
    assert_table(
        [
            ("leaves", [registered(-900, 40)], 0, "left", 40),
            ("leaves on the index date", [registered(-900, 0)], 0, "left", 0),
            ("leaves after the window", [registered(-900, 100)], 0, "horizon", 100),
            ("an emergency before", [registered(-900, 40), admitted(10)], 1, "event", 10),
            ("an emergency on the day of leaving", [registered(-900, 40), admitted(40)], 1, "event", 40),
            ("an emergency after leaving", [registered(-900, 40), admitted(41)], 0, "left", 40),
            ("dies after leaving", [registered(-900, 40), died(60)], 0, "left", 40),
            ("a registration that ends with death", [registered(-900, 40), died(40)], 0, "died", 40),
            ("or is ended some days after", [registered(-900, 45), died(40)], 0, "died", 40),
        ]
    )


def test_a_move_within_the_records_is_no_leaving() -> None:
    assert_table(
        [
            ("to the next practice", [registered(-900, 40), registered(40, practice="B")], 0, "horizon", 100),
            ("after a month", [registered(-900, 40), registered(71, practice="B")], 0, "horizon", 100),
            ("a day more than a month", [registered(-900, 40), registered(72, practice="B")], 0, "left", 40),
            ("and leaves from there", [registered(-900, 40), registered(50, 80, practice="B")], 0, "left", 80),
            (
                "an emergency between two practices",
                [registered(-900, 40), registered(50, practice="B"), admitted(45)],
                1,
                "event",
                45,
            ),
            ("the old one ends late", [registered(-900, 40), registered(10, practice="B")], 0, "horizon", 100),
            ("left once before, and came back", [registered(-900, -500), registered(-100)], 0, "horizon", 100),
            ("comes back in the window", [registered(-900, 10), registered(60)], 0, "left", 10),
        ]
    )


def test_to_ignore_leaving_takes_the_records_as_they_are() -> None:
    assert_table(
        [
            ("leaves", [registered(-900, 40)], 0, "horizon", 100),
            ("an emergency after leaving", [registered(-900, 40), admitted(41)], 1, "event", 41),
            ("dies after leaving", [registered(-900, 40), died(60)], 0, "died", 60),
        ],
        leaving=False,
    )


def test_only_what_was_known_in_time_counts() -> None:
    assert_table(
        [
            ("an emergency that arrived late", [admitted(10, recorded_on=day(100))], 0, "horizon", 100),
            ("and one in time", [admitted(10, recorded_on=day(99))], 1, "event", 10),
            ("a leaving in time", [registered(-900, 99)], 0, "left", 99),
            (
                "a new practice that arrived late",
                [registered(-900, 40), registered(41, practice="B", recorded_on=day(100))],
                0,
                "left",
                40,
            ),
        ],
        known_by=100,
    )
    assert_table(
        [
            ("nothing yet", NOTHING, None, None, None),
            ("an emergency, in a window that is not over", [admitted(10)], None, None, None),
            ("left", [registered(-900, 5)], None, None, None),
        ],
        known_by=99,
    )


def test_a_later_window_is_of_those_still_there() -> None:
    assert_table(
        [
            ("nothing happens", NOTHING, 0, "horizon", 100),
            ("an emergency before it", [admitted(10, 12)], 0, "horizon", 100),
            ("on its first day", [admitted(60, 61)], 1, "event", 0),
            ("on its last", [admitted(159, 161)], 1, "event", 99),
            ("a day later", [admitted(160, 161)], 0, "horizon", 100),
            ("dies in it", [died(70)], 0, "died", 10),
            ("dies before it", [died(59)], None, None, None),
            ("leaves in it", [registered(-900, 70)], 0, "left", 10),
            ("leaves before it", [registered(-900, 59)], None, None, None),
        ],
        starts_after_days=60,
    )
    assert_table([("its end is not known yet", NOTHING, None, None, None)], starts_after_days=60, known_by=159)
