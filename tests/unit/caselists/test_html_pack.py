import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from tests.unit.caselists.conftest import MakeList
from vi_risk.caselists.html_pack import html_pack
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.rules import Band, CaseListRules, load_rules


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, and text outside style and script."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._silent = 0
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._silent += tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text = " ".join(f"{self.text} {data}".split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def source_of(case_list: CaseList, rules: CaseListRules | None = None) -> str:
    return html_pack(case_list, rules or load_rules(), workbook="M92001.xlsx").decode()


def page(case_list: CaseList, rules: CaseListRules | None = None) -> Page:
    return Page(source_of(case_list, rules))


def test_a_patient_is_told_with_risk_band_frequency_and_reasons_in_order(make_list: MakeList) -> None:
    case_list = make_list({"reason_1": "first thing", "reason_2": "second thing"})
    text = page(case_list).text
    assert "Chance of an emergency admission in the next 12 months: 38 %" in text
    assert "●●●○ high (about 4 in 10 people like this)" in text
    block = text[text.index("Chance of an emergency") :]
    assert block.index("38 %") < block.index("first thing") < block.index("second thing") < block.index("Decision")


def test_there_is_one_row_and_one_block_for_each_patient_and_every_row_leads_to_its_block(make_list: MakeList) -> None:
    seen = page(make_list({}, {}, {}))
    blocks = [block["id"] for block in seen.all("article")]
    rows = [row["data-patient"] for row in seen.all("tr") if "data-patient" in row]
    links = [str(link["href"]).removeprefix("#") for link in seen.all("a") if str(link["href"]).startswith("#patient-")]
    assert blocks == rows == links == ["patient-1", "patient-2", "patient-3"]


def test_the_page_fetches_nothing(make_list: MakeList) -> None:
    source = source_of(make_list({}, {}))
    seen = Page(source)
    assert not re.search(r"https?:|//[a-z]|url\(|@import", source)
    assert not seen.all("link")
    assert not seen.all("img")
    assert all("src" not in attributes for _, attributes in seen.elements)
    assert all(str(attributes.get("href", "#")).startswith("#") for _, attributes in seen.elements)


def test_only_the_pages_own_script_may_run(make_list: MakeList) -> None:
    source = source_of(make_list({}))
    (script,) = re.findall(r"<script>(.*?)</script>", source, re.DOTALL)
    fingerprint = b64encode(sha256(script.encode()).digest()).decode()
    (policy,) = [meta["content"] for meta in Page(source).all("meta") if "http-equiv" in meta]
    assert policy is not None
    assert f"script-src 'sha256-{fingerprint}'" in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "\"><img onerror='x'>", 'O\'Neill & "Sons"', "مركز صحي", "🏥 clinic", "{{ 7 * 7 }}"],
)
def test_text_of_the_records_appears_as_text_everywhere(make_list: MakeList, text: str) -> None:
    person = {"patient_id": text, "age_band": text, "sex": text, "reason_1": text, "note": text, "plan": text}
    plain, odd = (
        page(make_list({**person, **other}, practice_name=name, network=name, facts=("note",)))
        for other, name in ((dict.fromkeys(person, "plain"), "plain"), ({}, text))
    )
    assert odd.text.count(text) == plain.text.count("plain")
    assert [tag for tag, _ in odd.elements] == [tag for tag, _ in plain.elements]


def test_a_practice_code_that_is_a_script_appears_as_text(make_list: MakeList) -> None:
    code = "<script>alert(1)</script>"
    seen = page(make_list({}, practice_code=code, practice_name=None))
    assert f"MDT case list: {code}" in seen.text
    assert len(seen.all("script")) == 1


def test_the_word_because_never_appears_and_reasons_are_said_not_to_be_causes(make_list: MakeList) -> None:
    source = source_of(make_list({"reason_1": "3 emergency admissions in the last 12 months"}))
    assert "because" not in source.lower()
    assert source.count("They are not causes") == 1


def test_an_empty_list_says_so_and_shows_no_table(make_list: MakeList) -> None:
    seen = page(make_list())
    assert "Nobody is on this list: 7,412 people of this practice could have been listed." in seen.text
    assert not seen.all("table")
    assert "Decision support: to be reviewed by a clinician." in seen.text


def test_what_was_not_seen_is_said_and_sorts_last(make_list: MakeList) -> None:
    seen = page(make_list({"medicines": None, "visits": 0}, facts=("medicines", "visits")))
    values = [cell["data-value"] for cell in seen.all("td") if "fact" in str(cell["class"])]
    assert values == ["", "0"]
    assert "Medicines not seen" in seen.text


def test_times_ago_sort_by_their_length_and_not_by_their_letters(make_list: MakeList) -> None:
    people = [
        {"last_emergency_admission": text} for text in ("9 days ago", "2 months ago", "1 year ago", "1,200 days ago")
    ]
    seen = page(make_list(*people, facts=("last_emergency_admission",)))
    days = [float(str(cell["data-value"])) for cell in seen.all("td") if "fact" in str(cell["class"])]
    assert days == sorted(days)


def test_a_person_without_reasons_is_said_to_have_none(make_list: MakeList) -> None:
    assert "No reason stands out." in page(make_list({})).text


def test_a_person_of_unknown_age_and_sex_is_said_to_be_so(make_list: MakeList) -> None:
    assert "age and sex not known" in page(make_list({"age_band": None, "sex": None})).text


def test_the_page_is_built_for_keyboard_and_screen_reader(make_list: MakeList) -> None:
    seen = page(make_list({}))
    assert seen.all("html") == [{"lang": "en-GB"}]
    assert seen.all("a")[0] == {"class": "skip-link", "href": "#the-list"}
    assert all(heading["scope"] in ("col", "row") for heading in seen.all("th"))
    assert seen.all("th")[0]["aria-sort"] == "ascending"
    identifiers = [attributes["id"] for _, attributes in seen.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    for _, attributes in seen.elements:
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert attributes.get(name) in {None, *identifiers}


def test_a_band_is_never_told_by_colour_alone_however_many_there_are(make_list: MakeList) -> None:
    rules = CaseListRules(tuple(Band(f"band {n}", (5 - n) / 10, "●" * (6 - n)) for n in range(6)))
    seen = page(make_list({"risk": 0.01, "band": "band 5"}), rules)
    assert "● band 5" in seen.text
    assert [block["class"] for block in seen.all("article")] == ["patient patient-3"]


def test_header_and_footer_name_the_model_the_index_date_and_how_far_the_data_reach(make_list: MakeList) -> None:
    header, footer = (part for part in page(make_list({})).text.split("The list", 1))
    for words in ("Emergency admission, version 0.1.0", "1 November 2025", "31 October 2025 (hospital stays)"):
        assert words in header
        assert words in footer
    assert "GP record not seen before 1 March" in footer


def test_decisions_already_written_are_shown(make_list: MakeList) -> None:
    assert "Owner Sister Ray" in page(make_list({"owner": "Sister Ray"})).text


def test_the_chance_of_dying_and_how_sure_a_place_is_stand_in_the_block_alone(
    make_list: MakeList,
) -> None:
    person = {"risk_death_12m": 0.064, "listed_in_refits": "19 of 20 refits"}
    page = html_pack(make_list(person, facts=tuple(person)), load_rules(), workbook="list.xlsx").decode()
    table, blocks = page.split("</table>", 1)

    assert "Chance of dying" not in table  # a team's screen is seen by many
    assert "<dt>Chance of dying within 12 months</dt><dd><bdi>6 %</bdi></dd>" in blocks
    assert "19 of 20 refits" not in table
    assert "<dt>In the list in</dt><dd><bdi>19 of 20 refits</bdi></dd>" in blocks
