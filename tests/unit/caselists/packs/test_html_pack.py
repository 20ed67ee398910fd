import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from tests.unit.caselists.conftest import MakeList
from tests.unit.caselists.example_lists import HOSTILE, example_list, example_summary
from vi_risk.caselists.about import WHAT_REFITS_ARE
from vi_risk.caselists.choosing.bands import Band
from vi_risk.caselists.choosing.rules import CaseListRules, load_rules
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.packs.html_pack import html_pack
from vi_risk.caselists.packs.networks import network_lists
from vi_risk.caselists.wording import without_turning


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


def block_of(text: str, patient: str) -> str:
    """Return what is said of a patient, from the name in the heading on, up to the decisions' lines."""
    start = text.index(patient, text.index("Patient by patient"))
    return text[start - 40 : text.index("Outcome", start) + len("Outcome")]


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


def test_the_page_fetches_nothing() -> None:
    source = source_of(example_list(hostile=False))
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
    values = [cell["data-value"] for cell in seen.all("td") if "data-value" in cell and "fact" in str(cell["class"])]
    assert values == [""]
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


def test_what_words_mean_is_explained_once_at_the_end_and_what_this_list_lacks_is_said_before_it(
    make_list: MakeList,
) -> None:
    case_list = make_list({})
    notes = (WHAT_REFITS_ARE, "GP record not seen before 1 March")
    text = page(replace(case_list, about=replace(case_list.about, notes=notes))).text
    assert text.index("GP record not seen") < text.index("Patient by patient") < text.index(WHAT_REFITS_ARE)
    assert text.count(WHAT_REFITS_ARE) == 1


def test_decisions_already_written_are_shown(make_list: MakeList) -> None:
    assert "Owner Sister Ray" in page(make_list({"owner": "Sister Ray"})).text


def test_the_chance_of_dying_and_how_sure_a_place_is_stand_in_the_block_alone(full_list: CaseList) -> None:
    table, blocks = source_of(full_list).split('<section class="patients"', 1)
    assert "Chance of dying" not in table  # a team's screen is seen by many
    assert "<dt>Chance of dying within 12 months</dt> <dd>10 %</dd>" in blocks
    assert "of 20 refits" not in table
    assert "<dt>This place</dt> <dd>sure: in the list in 19 of 20 refits</dd>" in blocks


def test_a_screen_reader_hears_rank_risk_reasons_and_prompts_in_that_order(full_list: CaseList) -> None:
    block = block_of(page(full_list).text, "P-0002")
    heard = [
        "= same",
        "Conditions COPD, heart failure",
        "Chance of an emergency admission in the next 12 months: 54 %",
        "Chance of dying within 12 months 9 %",
        "Why 11 medicines in the last 90 days (same age and sex: 4)",
        "In his favour GP review 5 weeks ago",
        "What changed 2 more A&E attendances",
        "What was tried 2 October 2024: accept, community matron",
        "Who might help Pharmacist : 11 medicines including an anticoagulant and an NSAID rule ten_or_more_medicines",
        "Emergency admissions, 12 months 3",
        "Decision Owner Plan Review on Outcome",
    ]
    places = [block.index(words) for words in heard]
    assert places == sorted(places)


def test_new_people_risers_and_those_who_stayed_are_told_apart(full_list: CaseList) -> None:
    text = page(full_list).text
    assert "1 NEW TO THE LIST P-0001" in text
    assert "2 = same P-0002" in text
    assert "3 ▲ from 6 P-0003" in text
    assert "5 ▼ from 1 P-0005" in text
    assert "“Since last time” compares with the list of 1 August 2025." in text


def test_a_list_that_was_never_made_is_not_said_to_have_been(full_list: CaseList) -> None:
    about = replace(full_list.about, previous_made=False)
    text = page(replace(full_list, about=about)).text
    assert "whom this model would have listed on 1 August 2025; no list was made then" in text


def test_nobody_left_a_list_that_was_never_made(full_list: CaseList) -> None:
    assert "Left the list since last time Patient Place then Why" in page(full_list).text
    about = replace(full_list.about, previous_made=False)
    assert "Would have been listed on 1 August 2025 and are not now" in page(replace(full_list, about=about)).text


def test_who_is_in_hospital_is_said_beside_the_name_in_the_table_and_in_the_block(full_list: CaseList) -> None:
    assert page(full_list).text.count("in hospital now") == 2


def test_what_the_record_lacks_is_said_and_never_shown_as_none(full_list: CaseList) -> None:
    block = block_of(page(full_list).text, "P-0003")
    for words in (
        "Record GP record not seen before 1 March 2024",
        "Not seen GP record not seen",
        "Medicines, 90 days not seen",
        "Last GP contact not seen",
        "High-risk medicines not seen",
    ):
        assert words in block


def test_days_ago_carry_their_date_and_months_ago_do_not_pretend_to(full_list: CaseList) -> None:
    source = source_of(full_list)
    assert '<dt>Last emergency admission</dt> <dd><time title="23 October 2025">9 days ago</time></dd>' in source
    assert "<dt>Last emergency admission</dt> <dd>5 months ago</dd>" in source
    assert '<td class="number fact" data-value="9"><time title="23 October 2025">9 days ago</time></td>' in source


def test_rows_can_be_filtered_by_role_reason_and_new_without_text_of_the_records_in_attributes(
    full_list: CaseList,
) -> None:
    seen = page(full_list)
    rows = [row for row in seen.all("tr") if "data-patient" in row]
    assert [row["data-roles"] for row in rows] == ["0 1 2 3 ", "0 1 ", "0 1 2 ", "", "0 ", "0 1 "]
    assert ["data-new" in row for row in rows] == [True, False, False, True, False, False]
    assert all(re.fullmatch(r"\d*", str(option["value"])) for option in seen.all("option"))


def test_a_role_is_offered_with_how_many_it_might_help(full_list: CaseList) -> None:
    text = page(full_list).text
    assert "anyone Pharmacist (5) Community matron (4) Social prescriber (2)" in text
    assert "Medicines (5)" in text


def test_who_was_left_out_and_who_left_stand_at_the_end_and_are_counted_before_the_list(full_list: CaseList) -> None:
    text = page(full_list).text
    assert "Kept off the list, never named: objects to risk stratification : 31." in text
    assert "Kept off the list by its rules, whatever the risk: reviewed within 8 weeks : 12;" in text
    assert text.index("Kept off the list") < text.index("Patient by patient")
    assert "P-8001 4 died on 3 September 2025" in text
    assert "P-9001 85 to 89 44 % reviewed within 8 weeks" in text
    assert text.index("Patient by patient") < text.index("P-8001") < text.index("P-9001")


def test_whom_the_door_left_out_is_counted_before_the_list(bare_list: CaseList) -> None:
    about = replace(bare_list.about, left_out={"objection to being risk stratified": "55"})
    text = page(replace(bare_list, about=about)).text
    words = "Left out of the records of all practices: objection to being risk stratified : 55 people."
    assert text.index(words) < text.index("Patient by patient")


def test_a_sign_in_a_plan_or_a_pseudonym_turns_no_line(make_list: MakeList) -> None:
    turned = "\N{RIGHT-TO-LEFT OVERRIDE}"
    person = {"patient_id": f"P{turned}1", "last_review": "2 May", "last_plan": f"ring{turned} her"}
    source = source_of(make_list(person, facts=("last_review", "last_plan")))
    assert turned not in source
    assert "P1" in source
    assert "plan: ring her" in source


def test_every_printed_page_is_named_dated_and_says_how_to_handle_it(full_list: CaseList) -> None:
    source = source_of(replace(full_list, practice_name='A</style>"; B'))
    style = source[: source.index("</style>")]
    assert '@top-left { content: "A\\3c \\2f style\\3e \\22 \\3b  B"; }' in style
    assert '@top-center { content: "MDT case list\\2c  1 November 2025"; }' in style
    assert '@top-right { content: "Confidential\\3a  patient records"; }' in style
    assert '@bottom-left { content: "Decision support\\3a  to be reviewed by a clinician\\2e "; }' in style


def test_a_list_with_nothing_beside_its_table_shows_nothing_that_it_does_not_know(bare_list: CaseList) -> None:
    seen = page(bare_list)
    for words in ("The practice in one view", "Last 24 months", "Since last time", "Who might help", "favour", "Left "):
        assert words not in seen.text
    assert "Why 3 emergency admissions in the last 12 months" in seen.text


def test_the_first_page_tells_the_practice_beside_the_trust(full_list: CaseList) -> None:
    text = page(full_list).text
    for words in (
        "Three or more long-term conditions 21.4 % 18.8 %",
        "Median age 43 years 41 years",
        "Medication review overdue care gap 96 (70) ▲ 1.37 (1.11 to 1.67)",
        "Diabetes condition 402 (470) ▼ 0.86 (0.77 to 0.94)",
        "Share of the trust's people 11.9 %",
        "Share of the emergency admissions expected in the trust 13.6 %",
        "Left the list 6",
        "Care gaps are not compared: the GP record is seen from 1 March 2024 only",
    ):
        assert words in text
    assert text.index("The practice in one view") < text.index("Patient by patient")


def test_hostile_texts_appear_as_text_wherever_they_stand(full_list: CaseList) -> None:
    odd, plain = page(full_list), page(example_list(hostile=False))
    assert [tag for tag, _ in odd.elements if tag != "bdi"] == [tag for tag, _ in plain.elements if tag != "bdi"]
    for text in HOSTILE:
        assert without_turning(" ".join(text.split())) in odd.text
    assert len(odd.all("script")) == 1


def test_a_network_has_a_first_page_of_its_own_with_its_practices_beside_one_another() -> None:
    members = [example_list(practice_code=code, practice_name=f"Practice {code}", network="North") for code in "AB"]
    members[1].table["patient_id"] = "B-" + members[1].table["patient_id"]
    for summary in (example_summary(), None):
        [network] = network_lists(members, summaries={"North": summary} if summary else None)
        source = html_pack(network.case_list, load_rules(), workbook="x.xlsx", practices=network.practices)
        text = " ".join(Page(source.decode()).text.split())
        assert ("The network in one view Beside the whole trust" in text) == (summary is not None)
        assert "Practice A Practice B Trust" in text
        assert "Three or more long-term conditions 21.4 % 21.4 % 18.8 %" in text
        assert text.count("· Practice B") == 6


def test_everything_is_told_for_people_of_other_practices_with_their_practice(full_list: CaseList) -> None:
    table = full_list.table.copy()
    table.loc[1, "practice_code"] = "Y02736"
    assert page(replace(full_list, table=table)).text.count("Y02736") == 2


def test_a_pack_of_five_hundred_patients_stays_under_3_mb() -> None:
    assert len(html_pack(example_list(500), load_rules(), workbook="M92001.xlsx")) < 3_000_000
