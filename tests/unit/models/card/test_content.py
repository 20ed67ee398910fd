"""What stands on a card: all that it was given, and for what is not known or too small, words instead of numbers."""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

import pytest

from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.card import ModelCard
from vi_risk.models.evidence.truth import AgainstTruth, Tenth

Write = Callable[[ModelCard], Any]


def test_the_card_holds_all_that_it_was_given(card: ModelCard, write: Write) -> None:
    words = write(card).words
    for expected in (
        "Model card: Emergency admission",
        "chance of an emergency admission in the next 12 months",
        "Decision support: to be reviewed by a clinician.",
        "What it does not mean",
        "Death before it counts as no event.",
        "an emergency admission in the next 3 months 91 130 40 2.2 % 2.1 % 0.740 (0.700 to 0.780) 0.93 0.3 %",
        "GP events 44,934 31 December 2024 Patients 3,000 –",  # noqa: RUF001 -- a dash where there is no date
        "Training 1 January 2023; 1 April 2023 Test 1 November 2024 List none",
        "In the records 40,000 20,000",
        "Aged 18 or over 31,234 –",  # noqa: RUF001 -- a dash where a role has no count
        "Were followed to the end without it 150 (75.0 %)",
        "Weight of those whose outcome is known, least to most 1.00 to 1.23",
        "Mean, years 61.2 61.9",
        "female 63.2 % 85.7 %",
        "Learner 300 trees",
        "Trained on one trust.",
        "The simple rule charlson ranks these patients at least as well.",
        "1 warning; the model was made from these rows as they are. gp_events: 120 of 20,310 rows have no known code",
        "Mdt_reviews is not in the records.",
        "lightgbm 4.7.0",
        "ab" * 32,
        "Hospital and GP records of one trust.",
        "Only if it finds more.",
    ):
        assert expected in words


def test_the_figures_of_the_model_stand_with_their_intervals(card: ModelCard, write: Write) -> None:
    words, model = write(card).words, card.evaluation["model"]
    assert f"Had the outcome {model['events']} Their outcome is known" in words
    assert f"(Aalen-Johansen, death competing) {100 * model['observed']:.1f} %" in words
    assert f"Their outcome is known the others left before the end {model['followed']}" in words
    low, high = model["intervals"]["brier"]
    assert f"Brier score 0 is perfect {model['brier']:.4f} ({low:.4f} to {high:.4f})" in words
    top = model["at"]["5%"]
    low, high = (100 * end for end in model["intervals"]["ppv.5%"])
    assert f"Top 5 % {top['n']} {100 * top['ppv']:.1f} % ({low:.1f} to {high:.1f})" in words
    assert f"{top['number_needed_to_review']:.1f} {top['lift']:.1f} Top 10 %" in words


def test_what_the_lists_would_have_found_is_said_first(card: ModelCard, write: Write) -> None:
    first = write(card).words.partition("In short Of")[2].partition("Who uses it")[0]
    listed = card.evaluation["model"]["at"]["capacity"]
    assert first.startswith(f" {card.evaluation['model']['n']} people tested at 1 November 2024, ")
    assert f"would have held {listed['n']} of them: {100 * listed['ppv']:.1f} % of those had the outcome" in first
    assert f"{100 * (1 - listed['sensitivity']):.1f} % were not on a list" in first
    assert "“Age and sex”, would have listed people of whom" in first


def test_the_model_stands_beside_its_comparators(card: ModelCard, write: Write) -> None:
    words = write(card).words
    model, age_and_sex = card.evaluation["model"], card.evaluation["comparators"]["age_and_sex"]
    low, high = model["auroc_interval"]
    assert f"This model {model['auroc']:.3f} ({low:.3f} to {high:.3f})" in words
    difference = age_and_sex["difference"]["auroc"]
    low, high = difference["interval"]
    assert f"{difference['value']:z.3f} ({low:z.3f} to {high:z.3f}) {age_and_sex['auprc']:.3f}" in words
    ppv, sensitivity = (100 * age_and_sex["at"]["capacity"][name] for name in ("ppv", "sensitivity"))
    slope = age_and_sex["calibration_slope"]
    assert f"{age_and_sex['scaled_brier']:.3f} {slope:.2f} {ppv:.1f} % {sensitivity:.1f} %" in words
    assert "Charlson not computed: no diagnoses" in words


def test_a_sign_that_nobody_found_shows_is_said_to_be_silent_and_has_no_column(card: ModelCard, write: Write) -> None:
    words, finds = write(card).words, card.evaluation["model"]["incremental_finds"]
    true, new = finds["true_cases"], finds["new"]
    assert "Had the outcome Not known by: a register Not known by any sign" in words
    assert f"This model {true:.0f} {new:.0f} ({100 * new / true:.1f} %) {new:.0f} (" in words
    assert "shows this sign, which these records may not hold at all: another register." in words


def test_a_number_that_is_not_told_has_words_in_its_place_and_no_share(card: ModelCard, write: Write) -> None:
    finds = card.evaluation["model"]["incremental_finds"]
    finds["not_known_by"]["a register"] = None
    words = write(card).words
    assert f"This model {finds['true_cases']:.0f} not told " in words
    assert "With the outcome 2,345 not told" in words  # of the flow
    assert "Died before it not told Left the area before it not told" in words
    assert "male 36.8 % not told" in words


def test_a_share_that_rests_on_weights_says_so(card: ModelCard, write: Write) -> None:
    model = card.evaluation["model"]
    model["observed"] = 2 * model["events"] / model["n"]
    assert f"{model['events']} ({100 * model['observed']:.1f} % by weight) had the outcome" in write(card).words
    model["observed"] = model["events"] / model["n"]
    assert f"{model['events']} ({100 * model['observed']:.1f} %) had the outcome" in write(card).words


def test_groups_stand_by_attribute_and_of_small_ones_nothing_is_told(card: ModelCard, write: Write) -> None:
    words, groups = write(card).words, card.evaluation["subgroups"]["sex"]
    female = groups["female"]
    share = 100 * female["share_of_outcomes"]
    assert f"Sex female {female['n']} {female['events']:.0f} ({share:.1f} %) {female['listed']} (" in words
    assert "not known not told" in words
    hidden = replace(card, evaluation={**card.evaluation, "subgroups": {"sex": {"female": {**female, "listed": None}}}})
    assert f"({share:.1f} %) not told {100 * female['observed']:.1f} %" in write(hidden).words


def test_bands_of_age_places_held_out_and_fairness_are_told(card: ModelCard, write: Write) -> None:
    words, evaluation = write(card).words, card.evaluation
    band = evaluation["by_age"]["under 65"]
    low, high = band["auroc_interval"]
    assert f"Under 65 {band['n']} {band['events']:.0f} ({100 * band['observed']:.1f} %) {band['auroc']:.2f} (" in words
    assert f"{band['auroc']:.2f} ({low:.2f} to {high:.2f}) {band['auprc']:.3f} {band['brier']:.4f}" in words
    pooled = evaluation["held_out"]["practice"]["summary"]["auroc"]
    (low, high), (under, over) = pooled["interval"], pooled["prediction_interval"]
    assert f"AUROC {pooled['mean']:.3f} ({low:.3f} to {high:.3f}) {under:.3f} to {over:.3f}" in words
    served = evaluation["fairness"]["sex"]["groups"]["female"]
    assert f"{served['listed_for_need']:.2f} ({served['listed_for_need_interval'][0]:.2f} to" in words
    assert "Intervals of a part of a group are Wilson's; those of lists over outcomes come from the linearised" in words
    gap = evaluation["fairness"]["sex"]["gaps"]["ppv"]
    assert f"PPV in the lists {gap['lowest']} {gap['highest']} {100 * gap['difference']:.1f} %" in words
    gap["lowest"] = gap["highest"]  # as where all groups are alike
    assert f"PPV in the lists {gap['highest']}" not in write(card).words


def test_of_a_recalibrated_model_the_rows_that_calibrated_it_are_told_beside_the_flow(
    card: ModelCard, write: Write
) -> None:
    moved = replace(card, recalibrated_from="0ld", training={"rows": 1234, "patients": 1100, "events": 90})
    told = "the calibration was moved on those that the version had not seen: 1,234 rows of 1,100 people, 90 events."
    assert told in write(moved).words
    assert "the calibration was moved" not in write(card).words


def test_how_long_a_score_lasts_is_told_and_why_where_it_cannot_be(card: ModelCard, write: Write) -> None:
    words, decay = write(card).words, card.evaluation["score_decay"]["at_risk"]
    later = decay["183"]
    assert "These are people of the earliest training date, 1 January 2023, not those tested" in words
    assert words.index("earliest training date") > words.index("Is acting on it worth while?")
    assert (
        f"183 days {later['n']} {later['events']:.0f} ({100 * later['observed']:.1f} %) {later['auroc']:.3f}" in words
    )
    assert f"730 days {decay['730']['not_estimable']} not estimable" in words


def test_what_the_evaluation_does_not_hold_has_no_place_on_the_card(card: ModelCard, write: Write) -> None:
    further = ("score_decay", "held_out", "fairness", "by_age", "subgroups", "decision_curve")
    bare = {name: part for name, part in card.evaluation.items() if name not in further}
    words = write(replace(card, evaluation=bare, follow_up={}, characteristics={}, companions=())).words
    for title in (
        "How long does a score last?",
        "Where the practice was held out",
        "Who is listed in proportion to whose need?",
        "Within age bands",
        "For whom does it work?",
        "Is acting on it worth while?",
        "Left the area before it",
        "Risks that stand beside it",
    ):
        assert title in write(card).words, title
        assert title not in words, title


def test_features_stand_by_domain_with_their_direction_declared_and_seen(card: ModelCard, write: Write) -> None:
    words = write(card).words
    dash = "–"  # noqa: RUF001 -- what is not known
    assert (
        f"Acute use 0.500 Emergency admissions 0.400 raises lowers -0.71, against it {dash} {dash} {dash}"
        f" Nights in hospital 0.100 raises raises 0.93 87.6 % {dash} {dash}"
        f" Person 0.310 Age 0.310 {dash} mixed 0.25 100.0 % 61.2 61.9"
    ) in words
    assert "1 more feature is allowed and moved next to nothing here" in words
    assert "Acute use: Day cases." in words


def test_very_many_index_dates_are_told_by_the_first_and_the_last(card: ModelCard, write: Write) -> None:
    days = [date(2023, 1, 1) + timedelta(days=number) for number in range(300)]
    words = write(replace(card, index_dates={"train": days, "test": days[:1]})).words
    assert "Training 1 January 2023 to 27 October 2023, 300 dates" in words


def test_what_could_not_be_estimated_is_said_and_never_shown_as_a_number(card: ModelCard, write: Write) -> None:
    unknown = {
        **dict.fromkeys(("auroc", "auroc_interval", "auprc", "brier", "calibration_in_the_large", "calibration_slope")),
        "n": 0,
        "events": 0,
        "at": {"capacity": {"ppv": None, "sensitivity": None, "n": 0}},
        "reliability": [],
    }
    words = write(replace(card, evaluation={"model": unknown, "comparators": {}}, features=[])).words
    assert "AUROC (c-statistic) 0.5 is chance, 1 perfect not estimated" in words
    assert "Reliability was not estimated." in words
    assert "The importance of features was not estimated." in words
    assert not {"nan", "null"} & set(words.lower().split())
    assert ">None<" not in write(replace(card, evaluation={"model": unknown, "comparators": {}})).page


def test_the_true_risk_stands_on_the_card_only_where_it_was_given(card: ModelCard, write: Write) -> None:
    tenths = (Tenth(1_170, 0.021, 0.019), Tenth(1_171, 0.305, 0.284))
    truth = AgainstTruth(2_341, 2, 0.828, (0.814, 0.841), 0.762, 0.799, (0.761, 0.837), 0.82, 0.038, tenths)
    words = write(replace(card, evaluation={**card.evaluation, "truth": asdict(truth)})).words
    for expected in (
        "Against the true risk (synthetic records only)",
        "People whose true risk is known 2,341",
        "the best attainable but for chance 0.828 (0.814 to 0.841)",
        "AUROC of this model on the same people 0.762",
        "1 is perfect 0.799 (0.761 to 0.837)",
        "Correlation with the true risk 1 is perfect 0.820",
        "0 is perfect 3.8 %",
        "1 1,170 2.1 % 1.9 % 2 1,171 30.5 % 28.4 %",
    ):
        assert expected in words
    without_interval = replace(truth, share_of_best_interval=None, correlation=None)
    words = write(replace(card, evaluation={**card.evaluation, "truth": asdict(without_interval)})).words
    assert "1 is perfect 0.799 Correlation with the true risk 1 is perfect not estimated" in words
    assert "true risk" not in write(card).words


def test_where_the_lists_end_is_told_of_all_practices_together(card: ModelCard, write: Write) -> None:
    words = write(card).words
    threshold = f"{100 * card.evaluation['decision_curve']['list_threshold']:.1f} %"
    assert f"have a risk of about {threshold} or more, over all practices together; the last place" in words
    assert "At the test date the lists" not in words


def test_how_numbers_of_people_are_told_is_said(card: ModelCard, count_card: ModelCard, write: Write) -> None:
    for each in (card, count_card):
        assert "rounded to the nearest 5, and not told where they are from 1 to 7 or would let" in write(each).words
    coarser = replace(card, small_numbers=Disclosure(fewer_than=11, round_to=10))
    assert "rounded to the nearest 10, and not told where they are from 1 to 10 or would let" in write(coarser).words


@pytest.mark.parametrize(
    ("value", "interval", "beyond_chance", "said"),
    [
        (5, [-10, 15], None, "5 more (95 % interval: 10 fewer to 15 more): no gain is shown."),
        (10, [0, 20], "more", "10 more (95 % interval: as many to 20 more): a gain beyond chance."),
        (-15, [-40, 0], "fewer", "15 fewer (95 % interval: 40 fewer to as many): fewer beyond chance."),
        (0, None, None, "as many, without an interval: no gain is shown."),
    ],
)
def test_whether_more_is_found_than_by_the_best_rule_is_said_in_words(
    card: ModelCard, write: Write, value: float, interval: list[float] | None, beyond_chance: str | None, said: str
) -> None:
    difference = card.evaluation["comparators"]["age_and_sex"]["difference"]
    difference["true_cases.capacity"] = {"value": value, "interval": interval, "beyond_chance": beyond_chance}
    assert f"This model's lists find {said}" in write(card).words


def test_names_of_comparators_stand_as_words_in_what_is_said_of_them(card: ModelCard, write: Write) -> None:
    other = card.evaluation["comparators"].pop("age_and_sex")
    card.evaluation["comparators"] |= {"parr30": other, "parr30_recalibrated": other, "hospital_frailty": other}
    card.evaluation["comparator_notes"]["parr30_recalibrated"] = "parr30 with a line fitted to the training rows"
    words = write(card).words
    assert "PARR-30, recalibrated PARR-30 with a line fitted" in words
    assert "Hospital frailty score" in words
    assert "parr30" not in words


def test_after_discharge_figures_are_of_discharges_and_the_lists_in_use_are_others(
    discharge_card: ModelCard, write: Write
) -> None:
    words, model = write(discharge_card).words, discharge_card.evaluation["model"]
    listed = model["at"]["capacity"]
    first = words.partition("In short Tested were")[2].partition("Who uses it")[0]
    assert first.startswith(
        f" {model['n']} people, by one discharge each, drawn from all that they had from 4 December"
    )
    assert f"not of people: {100 * model['observed']:.1f} % of discharges were followed by the outcome" in first
    assert "40 places in each practice, taken once from the discharges of the whole time, would have held" in first
    assert f"{listed['number_needed_to_review']:.1f} discharges are reviewed for each one followed by it" in first
    assert "A list in use holds discharges of the last 30 days alone (91 people for the list of this run)" in first
    assert "The weight is how many people someone stands for" not in words
    assert "holds how many its person had in the time tested" in words
    assert "(Aalen-Johansen" not in words
    assert "at the test date" not in words.lower()


def test_a_share_of_discharges_is_told_where_everyone_was_followed(discharge_card: ModelCard, write: Write) -> None:
    model = discharge_card.evaluation["model"]
    model["followed"] = model["n"]
    assert "Share followed by the outcome of discharges: each counts for all" in write(discharge_card).words


def test_of_a_companion_without_a_model_that_is_said(card: ModelCard, write: Write) -> None:
    (other,) = card.companions
    words = write(replace(card, companions=[replace(other, trained=False)])).words
    assert "there is no model of it here, so it stands on no list" in words
    assert "there is no model of it here" not in write(card).words


def test_a_card_of_counts_knows_no_lists(count_card: ModelCard, write: Write) -> None:
    words = write(count_card).words
    for wrong in ("lists would have", "case lists", "lists as they stand", "a clinician reviews each person listed"):
        assert wrong not in words, wrong
    assert "No lists are made by counts." in words


def test_a_card_of_counts_tells_what_is_expected_and_what_the_lists_hold(count_card: ModelCard, write: Write) -> None:
    words, model = write(count_card).words, count_card.evaluation["model"]
    assert "expected number of emergency admissions in the next 12 months" in words
    assert f"{model['with_any']} had any: {model['total']:,.0f} emergency admissions" in words
    low, high = model["intervals"]["deviance_explained"]
    assert f"Deviance explained 1 is perfect; 0 is the mean for everyone {model['deviance_explained']:.3f} (" in words
    assert f"({low:.3f} to {high:.3f})" in words
    listed, (low, high) = model["at"]["capacity"], model["intervals"]["share_of_observed.capacity"]
    share = f"{100 * listed['share_of_observed']:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
    assert f"The first of each practice {listed['n']} {listed['observed']:,.0f} {share}" in words
    first = model["deciles"][0]
    assert f"1 {first['n']} {first['mean_expected']:.3f} {first['mean_observed']:.3f}" in words
    other = count_card.evaluation["comparators"]["last_year"]
    assert f"Last year's count {other['deviance_explained']:z.3f}" in words
    female = count_card.evaluation["subgroups"]["sex"]["female"]
    assert f"female {female['n']} {female['total']:,.0f} (" in words
    assert "Left the area before the end" in words
    assert "Had the outcome" not in words
    assert "chance of" not in words.replace("Chance of", "").replace("by chance", "")
