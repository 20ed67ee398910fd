"""Which spells a hospital's episodes make up, and which spells are one stay: the records above, the answer below."""

from typing import Any

import ibis
import pyarrow as pa
import pytest

from tests.spec.records.written import Row, written
from vi_risk.records.episodes import spells_from_episodes
from vi_risk.records.readable import EPISODES, declared_with
from vi_risk.records.stays import stays
from vi_risk.records.tables import TABLES

_ARROW = {"text": pa.string(), "date": pa.date32(), "integer": pa.int64()}
_SAME = {"patient_id": "Ann", "provider_code": "RL4", "admission_method": "21", "patient_classification": "1"}


def engine_table(rows: list[Row], declared: Any) -> Any:
    """Return rows as a table of the engine; columns that are not declared hold text."""
    types = {column.name: _ARROW[column.type] for column in declared_with(declared, rows[0]).columns}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in rows[0]])
    return ibis.memtable(pa.Table.from_pylist(rows, schema=schema))


def spells_of(text: str, **other: Any) -> tuple[list[Row], list[Row]]:
    """Return spells and diagnoses of written episodes, by admission, without the columns that do not matter here."""
    made = spells_from_episodes(engine_table([_SAME | other | row for row in written(text)], EPISODES))
    spells = made["spells"].order_by("admitted_on", "spell_id").to_pyarrow().to_pylist()
    name = {spell["spell_id"]: f"spell {number}" for number, spell in enumerate(spells, start=1)}
    coded = made.get("diagnoses")
    diagnoses = [] if coded is None else coded.order_by("spell_id", "position").to_pyarrow().to_pylist()
    return spells, [row | {"spell_id": name[row["spell_id"]]} for row in diagnoses]


def assert_are(found: list[Row], text: str) -> None:
    """Compare the columns that the expected table names."""
    expected = written(text)
    assert [{name: row[name] for name in expected[0]} for row in found] == expected


def test_episodes_of_one_admission_are_one_spell_begun_by_the_first_and_ended_by_the_last() -> None:
    spells, _ = spells_of("""
        admitted_on  spell_number  episode_started_on  episode_order  episode_ended_on  discharged_on  discharge_method  treatment_function
        2024-01-01   77            2024-01-04          2              2024-01-09        2024-01-09     1                 430
        2024-01-01   77            2024-01-01          1              2024-01-04        -              8                 300
    """)  # noqa: E501 - a table
    assert_are(
        spells,
        """
        admitted_on  discharged_on  discharge_method  treatment_function
        2024-01-01   2024-01-09     1                 300
    """,
    )


@pytest.mark.parametrize(
    "differs",
    ["patient_id", "admitted_on", "provider_code", "spell_number"],
)
def test_another_person_admission_date_provider_or_spell_number_is_another_spell(differs: str) -> None:
    same = {"patient_id": "Ann", "admitted_on": "2024-01-01", "provider_code": "RL4", "spell_number": "77"}
    other = {"patient_id": "Bob", "admitted_on": "2024-01-02", "provider_code": "RRK", "spell_number": "78"}
    rows = [same, same | {differs: other[differs]}]
    header = "  ".join((*same, "episode_started_on", "discharged_on"))
    lines = ["  ".join((*row.values(), "2024-01-02", "2024-01-03")) for row in rows]

    assert len(spells_of("\n".join([header, *lines]))[0]) == 2
    assert len(spells_of("\n".join([header, lines[0], lines[0]]))[0]) == 1


def test_on_one_day_the_order_number_decides_and_then_the_end() -> None:
    spells, _ = spells_of("""
        admitted_on  episode_started_on  episode_order  episode_ended_on  discharged_on  discharge_destination
        2024-01-01   2024-01-01          3              2024-01-01        2024-01-08     54
        2024-01-01   2024-01-01          2              2024-01-08        -              98
        2024-01-01   2024-01-01          1              2024-01-01        -              98
    """)
    assert_are(
        spells,
        """
        discharged_on  discharge_destination
        2024-01-08     54
    """,
    )
    spells, _ = spells_of("""
        admitted_on  episode_started_on  episode_order  episode_ended_on  discharged_on  discharge_destination
        2024-01-01   2024-01-01          -              2024-01-08        2024-01-08     54
        2024-01-01   2024-01-01          -              2024-01-01        -              98
    """)
    assert_are(
        spells,
        """
        discharged_on  discharge_destination
        2024-01-08     54
    """,
    )


def test_an_episode_without_order_or_end_comes_after_those_with_one() -> None:
    spells, _ = spells_of("""
        admitted_on  episode_started_on  episode_order  episode_ended_on  discharged_on  treatment_function
        2024-01-01   2024-01-01          -              2024-01-02        2024-01-08     430
        2024-01-01   2024-01-01          1              2024-01-09        -              300
    """)
    assert_are(
        spells,
        """
        discharged_on  treatment_function
        2024-01-08     300
    """,
    )


def test_a_spell_without_a_discharge_date_in_any_episode_is_still_open() -> None:
    spells, _ = spells_of("""
        admitted_on  episode_started_on  episode_order  episode_ended_on  discharged_on
        2024-03-20   2024-03-20          1              2024-03-25        -
        2024-03-20   2024-03-25          2              -                 -
    """)
    assert_are(
        spells,
        """
        admitted_on  discharged_on
        2024-03-20   -
    """,
    )


def test_the_episode_with_the_discharge_date_is_the_last_wherever_it_stands() -> None:
    spells, _ = spells_of("""
        admitted_on  episode_started_on  episode_order  episode_ended_on  discharged_on  discharge_method  discharge_destination
        2024-03-20   2024-03-20          1              2024-03-25        -              8                 98
        2024-03-20   2024-03-25          2              2024-04-01        2024-04-01     1                 19
        2024-03-20   2024-03-26          2              -                 -              8                 98
    """)  # noqa: E501 - the third one was unfinished in last year's extract, and has another start in this year's
    assert_are(
        spells,
        """
        admitted_on  discharged_on  discharge_method  discharge_destination
        2024-03-20   2024-04-01     1                 19
    """,
    )


def test_of_two_episodes_with_a_discharge_date_the_later_one_counts() -> None:
    spells, _ = spells_of("""
        admitted_on  episode_started_on  episode_order  discharged_on  discharge_destination
        2024-01-01   2024-01-01          1              2024-01-09     19
        2024-01-01   2024-01-03          2              2024-01-09     54
    """)
    assert_are(
        spells,
        """
        discharged_on  discharge_destination
        2024-01-09     54
    """,
    )


def test_an_episode_left_unfinished_at_the_end_of_a_year_gives_way_to_the_finished_one() -> None:
    spells, diagnoses = spells_of("""
        admitted_on  episode_started_on  episode_order  episode_ended_on  discharged_on  diagnosis_01
        2024-03-25   2024-03-25          1              -                 -              R69
        2024-03-25   2024-03-25          1              2024-04-04        2024-04-04     I500
    """)
    assert_are(
        spells,
        """
        admitted_on  discharged_on
        2024-03-25   2024-04-04
    """,
    )
    assert_are(
        diagnoses,
        """
        spell_id  position  code
        spell 1   1         I500
    """,
    )


@pytest.mark.parametrize("regular", ["3", "4"])
def test_every_attendance_of_a_regular_attender_is_a_spell_of_its_own(regular: str) -> None:
    episodes = """
        admitted_on  spell_number  episode_started_on  episode_order  episode_ended_on  discharged_on  admission_method
        2024-01-01   77            2024-01-01          1              2024-01-01        2024-01-01     13
        2024-01-01   77            2024-01-03          1              2024-01-03        2024-01-03     13
        2024-01-01   77            2024-01-03          1              2024-01-03        2024-01-03     13
    """  # the last attendance was sent twice
    assert_are(
        spells_of(episodes, patient_classification=regular)[0],
        """
        admission_method  discharged_on
        13                2024-01-01
        13                2024-01-03
    """,
    )
    assert_are(
        spells_of(episodes, patient_classification="1")[0],
        """
        admission_method  discharged_on
        13                2024-01-03
    """,
    )


def test_a_regular_attendance_is_apart_from_an_ordinary_admission_with_the_same_number() -> None:
    spells, _ = spells_of("""
        admitted_on  spell_number  patient_classification  episode_started_on  episode_order  discharged_on
        2024-01-01   77            1                       2024-01-01          1              2024-01-05
        2024-01-01   77            3                       2024-01-02          2              2024-01-02
    """)
    assert_are(
        spells,
        """
        patient_classification  discharged_on
        1                       2024-01-05
        3                       2024-01-02
    """,
    )


def test_diagnoses_of_all_episodes_count_once_and_the_first_primary_comes_first() -> None:
    _, diagnoses = spells_of("""
        admitted_on  episode_started_on  episode_order  discharged_on  diagnosis_01  diagnosis_02  diagnosis_03
        2024-01-01   2024-01-03          2              2024-01-09     I500          J440          R07
        2024-01-01   2024-01-01          1              -              R07           -             I10
    """)
    assert_are(
        diagnoses,
        """
        spell_id  position  code
        spell 1   1         R07
        spell 1   2         I10
        spell 1   3         I500
        spell 1   4         J440
    """,
    )


def test_where_the_first_episode_has_no_primary_diagnosis_no_other_one_takes_its_place() -> None:
    _, diagnoses = spells_of("""
        admitted_on  episode_started_on  episode_order  discharged_on  diagnosis_01  diagnosis_02
        2024-01-01   2024-01-01          1              -              -             I10
        2024-01-01   2024-01-03          2              2024-01-09     I500          -
    """)
    assert_are(
        diagnoses,
        """
        position  code
        2         I10
        3         I500
    """,
    )


def test_operations_of_all_episodes_count_once_on_the_day_of_the_first() -> None:
    episodes = written("""
        admitted_on  episode_started_on  discharged_on  operation_01  operated_on_01  operation_02  operated_on_02
        2024-01-01   2024-01-03          2024-01-09     X403          2024-01-08      W371          2024-01-05
        2024-01-01   2024-01-01          -              K401          2024-01-02      X403          -
    """)
    made = spells_from_episodes(engine_table([_SAME | row for row in episodes], EPISODES))
    assert "diagnoses" not in made
    assert_are(
        made["procedures"].order_by("position").to_pyarrow().to_pylist(),
        """
        position  code  performed_on
        1         K401  2024-01-02
        2         X403  -
        3         W371  2024-01-05
    """,
    )


def test_a_spell_has_arrived_once_its_last_episode_has() -> None:
    spells, diagnoses = spells_of("""
        admitted_on  episode_started_on  episode_order  discharged_on  recorded_on  diagnosis_01
        2024-01-01   2024-01-01          1              -              2024-02-10   R07
        2024-01-01   2024-01-03          2              2024-01-09     2024-03-10   I500
        2024-06-01   2024-06-01          1              2024-06-02     -            J440
    """)
    assert_are(
        spells,
        """
        admitted_on  recorded_on
        2024-01-01   2024-03-10
        2024-06-01   -
    """,
    )
    assert_are(
        diagnoses,
        """
        code  recorded_on
        R07   2024-02-10
        I500  2024-03-10
        J440  -
    """,
    )


# --- one stay, several hospitals --------------------------------------------------------------------------------------


def stays_of(text: str) -> list[str]:
    """Return the written spells with which a stay began, in the order written."""
    rows = [{"patient_id": "Ann", "patient_classification": "1"} | row for row in written(text)]
    return _first_spells(rows)


def _first_spells(rows: list[Row]) -> list[str]:
    began = set(stays(engine_table(rows, TABLES["spells"])).to_pyarrow().column("spell_id").to_pylist())
    return [str(row["spell_id"]) for row in rows if row["spell_id"] in began]


@pytest.mark.parametrize(
    ("admitted_on", "began"),
    [
        ("2024-01-04", "b"),  # the day before the discharge: two hospitals at once are no transfer
        ("2024-01-05", "a"),  # the day of the discharge
        ("2024-01-07", "a"),  # two days later
        ("2024-01-08", "b"),  # three days later
    ],
)
def test_a_transfer_begins_within_two_days_of_the_discharge(admitted_on: str, began: str) -> None:
    began_with = stays_of(f"""
        spell_id  admitted_on    discharged_on  admission_method  discharge_destination
        a         2024-01-01     2024-01-05     21                51
        b         {admitted_on}  2024-01-20     21                19
    """)
    assert began_with == sorted({"a", began})


@pytest.mark.parametrize("destination", ["49", "50", "51", "52", "53", "84", "87"])
def test_a_discharge_to_another_hospital_is_a_transfer_however_the_next_admission_is_coded(destination: str) -> None:
    began_with = stays_of(f"""
        spell_id  admitted_on  discharged_on  admission_method  discharge_destination
        a         2024-01-01   2024-01-05     21                {destination}
        b         2024-01-05   2024-01-20     21                19
    """)
    assert began_with == ["a"]


@pytest.mark.parametrize(
    ("admission_method", "began"), [("2B", "a"), ("81", "a"), ("21", "b"), ("28", "b"), ("11", "b")]
)
def test_after_a_discharge_home_only_an_admission_by_transfer_goes_on(admission_method: str, began: str) -> None:
    began_with = stays_of(f"""
        spell_id  admitted_on  discharged_on  admission_method    discharge_destination
        a         2024-01-01   2024-01-05     21                  19
        b         2024-01-06   2024-01-20     {admission_method}  19
    """)
    assert began_with == sorted({"a", began})


def test_a_stay_through_four_hospitals_is_one_admission_and_the_next_illness_another() -> None:
    began_with = stays_of("""
        spell_id  admitted_on  discharged_on  admission_method  discharge_destination
        heart     2024-01-01   2024-01-01     21                51
        surgery   2024-01-01   2024-01-09     81                51
        rehab     2024-01-11   2024-02-20     2B                53
        mental    2024-02-20   2024-03-01     81                19
        fall      2024-03-02   -              21                -
    """)
    assert began_with == ["heart", "fall"]


def test_on_one_day_the_transfer_comes_after_the_admission_whatever_the_spells_are_called() -> None:
    began_with = stays_of("""
        spell_id  admitted_on  discharged_on  admission_method  discharge_destination
        z         2024-01-01   2024-01-01     21                51
        b         2024-01-01   2024-01-01     81                51
        a         2024-01-01   2024-01-01     81                19
    """)
    assert began_with == ["z"]
    began_with = stays_of("""
        spell_id  admitted_on  discharged_on  admission_method  discharge_destination
        z         2024-01-01   2024-01-01     21                51
        a         2024-01-01   2024-01-01     21                19
    """)
    assert began_with == ["z"]


def test_a_regular_attendance_neither_joins_a_stay_nor_stands_in_its_way() -> None:
    began_with = stays_of("""
        spell_id  patient_classification  admitted_on  discharged_on  admission_method  discharge_destination
        a         1                       2024-01-01   2024-01-05     21                51
        monday    3                       2024-01-05   2024-01-05     13                51
        b         1                       2024-01-06   2024-01-20     81                19
        tuesday   3                       2024-01-06   2024-01-06     81                19
    """)
    assert began_with == ["a", "monday", "tuesday"]


def test_nothing_follows_a_spell_that_is_still_open() -> None:
    began_with = stays_of("""
        spell_id  admitted_on  discharged_on  admission_method  discharge_destination
        a         2024-01-01   -              21                51
        b         2024-01-02   -              81                -
    """)
    assert began_with == ["a", "b"]


def test_another_persons_spell_is_never_joined() -> None:
    began_with = stays_of("""
        spell_id  patient_id  admitted_on  discharged_on  admission_method  discharge_destination
        a         Ann         2024-01-01   2024-01-05     21                51
        b         Bob         2024-01-05   2024-01-20     81                19
    """)
    assert began_with == ["a", "b"]


def test_a_site_without_destinations_or_classifications_joins_by_admission_method_alone() -> None:
    rows = written("""
        spell_id  patient_id  admitted_on  discharged_on  admission_method
        a         Ann         2024-01-01   2024-01-05     21
        b         Ann         2024-01-05   2024-01-20     81
        c         Ann         2024-01-20   2024-01-21     21
    """)
    assert _first_spells(rows) == ["a", "c"]
