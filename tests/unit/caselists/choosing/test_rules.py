import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from vi_risk.caselists.choosing.rules import SHIPPED_RULES, load_rules
from vi_risk.errors import SpecificationError, UsageError
from vi_risk.features.catalogue import read_catalogue

PAGE = Path(__file__).parents[4] / "docs" / "caselist.md"


def written(folder: Path, text: str) -> Path:
    path = folder / "site.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(SpecificationError) as caught:
        load_rules(written(folder, text))
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("risk", "band"),
    [
        (1.0, "very high"),
        (0.5, "very high"),
        (0.4999, "high"),
        (0.3, "high"),
        (0.15, "moderate"),
        (0.1499, "lower"),
        (0.0, "lower"),
    ],
)
def test_a_cut_point_belongs_to_the_band_that_it_begins(risk: float, band: str) -> None:
    assert load_rules().band(risk) == band


@pytest.mark.parametrize("risk", [-0.01, 1.01, float("nan")])
def test_what_is_not_a_probability_has_no_band(risk: float) -> None:
    with pytest.raises(UsageError, match="outside 0 to 1 or missing"):
        load_rules().band(risk)


def test_the_shipped_rules_have_twenty_places_five_reasons_and_a_symbol_for_every_band() -> None:
    rules = load_rules()
    assert (rules.capacity, rules.reasons) == (20, 5)
    assert len({band.symbol for band in rules.bands}) == len(rules.bands) == 4


EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_of_the_page_are_rules(example: str, tmp_path: Path) -> None:
    whole = re.sub(r"^(\w+)\.when", r'\1.words = "\1"\n\1.do = "flag"\n\1.when', example, flags=re.MULTILINE)

    rules = load_rules(written(tmp_path, whole))

    assert rules != load_rules()
    rules.refuse_unknown(read_catalogue(), companions=["avoidable_admission_12m"])


def test_the_page_names_every_key() -> None:
    shipped = tomllib.loads(SHIPPED_RULES.read_text(encoding="utf-8"))
    named = set(re.findall(r"^\| `\[*(\w+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE))

    assert set(shipped) <= named
    assert set(shipped["places"]) <= named
    assert "seven of them" in PAGE.read_text(encoding="utf-8")
    assert len(shipped["standing"]) == 7


def test_a_key_that_a_site_leaves_out_keeps_its_shipped_value(tmp_path: Path) -> None:
    assert load_rules(written(tmp_path, "capacity = 12")) == replace(load_rules(), capacity=12)


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    told = faults(
        tmp_path,
        """
        capacity = 0
        reasons = 6
        colour = "red"
        order = "risk ** 2"
        hide = "alcohol_dependence"
        moved_places = 0
        [places]
        by = "ward"
        [standing.care_home]
        do = "hide"
        [[band]]
        name = "high"
        from = 0.3
        symbol = "●●"
        [[band]]
        name = "higher"
        from = 0.4
        symbol = "**"
        [[band]]
        name = "low"
        from = "none"
        symbl = "○○"
        """,
    )
    for part in (
        "site.toml: capacity: expected a whole number from 1, found 0.",
        "site.toml: reasons: expected a whole number from 1 to 5, found 6.",
        "site.toml: colour: is not a known key.",
        "site.toml: order: 'risk ** 2' cannot stand in a formula.",
        "site.toml: hide: expected a list of groups such as [\"alcohol_dependence\"], found 'alcohol_dependence'.",
        "site.toml: moved_places: expected a whole number from 1, found 0.",
        "site.toml: places.by: expected one of practice, network, team, trust, found 'ward'.",
        "site.toml: standing.care_home: do: expected one of exclude, flag, nothing, found 'hide'.",
        "site.toml: band 'higher': symbol: expected 1 to 10 of ● and ○, found '**'.",
        "site.toml: band 3: from: expected a number from 0 to 1, found 'none'.",
        "site.toml: band 3: symbl: is not a known key.",
        "site.toml: band 3: symbol: is missing.",
        "site.toml: band: expected `from` to fall from each band to the next, found 0.3, 0.4.",
    ):
        assert [line for line in told if line.startswith(part)], part
    assert len(told) == 13


def test_true_is_no_number_of_places(tmp_path: Path) -> None:
    assert "found True" in faults(tmp_path, "capacity = true")[0]


def test_broken_toml_is_told_with_its_line(tmp_path: Path) -> None:
    assert "line 2, column 1" in faults(tmp_path, "capacity = 3\n= 4")[0]


def test_a_list_made_under_other_rules_is_refused() -> None:
    with pytest.raises(UsageError, match="'extreme' is not among those of the rules"):
        load_rules().grade("extreme")


def test_the_shipped_rules_keep_off_whom_a_meeting_has_just_discussed_and_nobody_else() -> None:
    does = {one.name: one.do for one in load_rules().standing}

    assert [name for name, do in does.items() if do == "exclude"] == ["reviewed"]
    assert [name for name, do in does.items() if do == "nothing"] == ["type_1_opt_out", "national_data_opt_out"]


def test_the_shipped_rules_ask_about_what_there_is() -> None:
    load_rules().refuse_unknown(read_catalogue())


def test_all_names_that_there_are_not_are_told_at_once(tmp_path: Path) -> None:
    rules = load_rules(
        written(
            tmp_path,
            """
            order = "risk_readmission * frailty"
            hide = ["alcoholism"]
            [standing.ward]
            words = "on the ward"
            when = { on_the_ward = { min = 1 } }
            do = "flag"
            """,
        )
    )

    with pytest.raises(SpecificationError) as caught:
        rules.refuse_unknown(read_catalogue(), companions=["death_12m"])
    look = "Look it up with `vi-risk features list`."
    name = 'Name readmission among the companions of the model spec, or write order = "risk".'
    assert str(caught.value).splitlines() == [
        f"case list rules: standing.ward: when.on_the_ward: is no feature and no risk. {look}",
        f"case list rules: order: risk_readmission: is no feature and no risk. {name}",
        f"case list rules: order: frailty: is no feature and no risk. {look}",
        f"case list rules: hide: alcoholism: is no group of a code list, no definition and no theme. {look}",
    ]


def test_an_order_may_go_by_a_column_of_the_scores(tmp_path: Path) -> None:
    load_rules(written(tmp_path, 'order = "need"')).refuse_unknown(read_catalogue(), also=["need"])


def test_rules_name_every_column_that_they_ask_about() -> None:
    columns = load_rules().columns

    assert {"risk", "in_hospital", "days_since_review", "care_home"} <= set(columns)
    assert len(columns) == len(set(columns))


def test_governance_adds_practices_outside_to_those_that_the_rules_name() -> None:
    rules = load_rules()
    named = replace(rules, places=replace(rules.places, outside=("A",)))

    assert named.with_outside(["B", "A"]).places.outside == ("A", "B")
    assert named.with_outside([]) == named


def test_governance_hides_groups_beside_those_that_the_rules_hide() -> None:
    rules = replace(load_rules(), hide=("drink",))

    assert rules.with_hidden(["hiv", "drink"]).hide == ("drink", "hiv")
    assert rules.with_hidden([]) == rules


def test_how_sure_a_place_is_cannot_decide_who_has_it(tmp_path: Path) -> None:
    text = """
        order = "risk * listed_in_refits"
        [standing.unsure]
        words = "place not sure"
        when = { listed_in_refits = { max = 0.5 } }
        do = "exclude"
    """
    asked, flagged = (load_rules(written(tmp_path, of)) for of in (text, text.replace("exclude", "flag")))

    with pytest.raises(SpecificationError) as caught:
        asked.refuse_unknown(read_catalogue())
    assert str(caught.value).splitlines() == [
        f"case list rules: {where}: is known only when places have been given. {mend}"
        for where, mend in (
            ("standing.unsure: when.listed_in_refits", 'Write do = "flag", or leave it out.'),
            ("order: listed_in_refits", "Order by another."),
        )
    ]
    replace(flagged, order=load_rules().order).refuse_unknown(read_catalogue())
    asked.refuse_unknown(read_catalogue(), also=["listed_in_refits"])  # of scores of one's own that hold it
