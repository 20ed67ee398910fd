"""The replay as one page: what the lists would have found, how they change, and what late records cost."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from vi_risk.models.templates import page_environment
from vi_risk.replaying.pictures import HEIGHT, LEFT, RIGHT, WIDTH, Picture, lines_over_time, parts_over_time
from vi_risk.replaying.report import ReplayReport

_TEMPLATES = Path(__file__).parent / "templates"
_UNTOLD = "\N{EN DASH}"


def replay_page(report: ReplayReport) -> str:
    """Return the page, whole in itself; the same report gives the same bytes. Numbers are told by the rule."""
    told = report.disclosed()
    dates = told["dates"]
    template = page_environment(_TEMPLATES).get_template("replay.html.jinja")
    return template.render(
        told=told,
        first=report.dates[0].day,
        last=report.dates[-1].day,
        every=_every(report.every),
        not_run=told["not_run"],
        known_to=report.known_to,
        open_dates=[one.day for one in report.dates if not one.closed],
        fewer_than=report.rule.fewer_than,
        round_to=report.rule.round_to,
        in_short=in_short(told),
        pictures=_pictures(report, told),
        rows=[_row(one) for one in dates],
        churn=[{name: _number(value) for name, value in one.items()} for one in told["churn"]],
        practices={
            code: {name: _number(value) for name, value in one.items()}
            for code, one in told["churn_by_practice"].items()
        },
        reasons={theme: [_share(value) for value in values] for theme, values in told["reasons"].items()},
        days=[one.day for one in report.dates],
        delays=[_delay(one) for one in told["delays"]],
        each_month=None if told["each_month_late"] is None else _lost(told["each_month_late"]),
        reviews_count=report.treated_as != "ignore",
        size={"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT},
    )


def in_short(told: Mapping[str, Any]) -> list[str]:
    """Return what the page says in a few sentences, of what `ReplayReport.disclosed` tells."""
    closed = [one for one in told["dates"] if one["closed"]]
    number, lists = len(told["dates"]), "list" if len(told["dates"]) == 1 else "lists"
    said = [
        f"{number} {lists}, each by a model that was trained on what had arrived by its date, and on nothing later."
    ]
    if none := len(told["not_run"]):
        said.append(f"{none} {'date' if none == 1 else 'dates'} of {none + number} could not be run; why stands below.")
    aurocs = [one["auroc"] for one in closed if one["auroc"] is not None]
    if aurocs:
        said.append(
            f"AUROC {_between(aurocs, '.2f')}; of the people listed, {_between(_told(closed, 'ppv'), '.0%')} had"
            f" {told['outcome']}."
        )
    if not closed:
        said.append("No outcome window is over yet: what became of the people listed cannot be told.")
    stayed = [one["stayed"] / one["listed"] for one in told["churn"] if one["stayed"] is not None and one["listed"]]
    if stayed:
        said.append(
            f"From one list to the next, {_between(stayed, '.0%')} of the people listed had been on the one before."
        )
    elif number == 1:
        said.append("One date alone: how lists change is not told.")
    if told["each_month_late"] is not None:
        said.append(_each_month_in_words(told["each_month_late"]))
    said += [_delay_in_words(one) for one in told["delays"] if one["beyond_chance"] is not None]
    return said


def _delay_in_words(one: Mapping[str, Any]) -> str:
    months = "one month" if one["months"] == 1 else f"{one['months']} months"
    low, high = one["interval"]
    fewer = "fewer" if one["lost"] >= 0 else "more"
    return (
        f"Records {months} late, by themselves: about {abs(one['lost']):,} {fewer} true cases of {one['true_cases']:,}"
        f" (95 % interval of those lost {_signed(low)} to {_signed(high)}) over {one['lists']} lists."
    )


def _each_month_in_words(one: Mapping[str, Any]) -> str:
    low, high = one["interval"]
    interval = f"(95 % interval of those lost {_signed(low)} to {_signed(high)})"
    if one["beyond_chance"] is None:
        return (
            f"Each month by which records arrive later: no loss of true cases beyond chance among {one['listed']:,}"
            f" people listed {interval}; a loss inside the interval is not ruled out."
        )
    of_a_hundred = abs(100 * one["lost"] / one["listed"])
    fewer = "fewer" if one["lost"] >= 0 else "more"
    return (
        f"Each month by which records arrive later: about {abs(one['lost']):,} {fewer} true cases among"
        f" {one['listed']:,} people listed, {of_a_hundred:.1f} of every 100 {interval}, if the loss grew evenly;"
        " whether it does is in the rows of one, two and three months."
    )


def _signed(number: int) -> str:
    return f"{number:,}".replace("-", "\N{MINUS SIGN}")


def _every(step: str) -> str:
    """Return a step as it was asked for in words; "" for none."""
    if not step:
        return ""
    number, unit = step[:-1], {"d": "day", "w": "week", "m": "month", "y": "year"}[step[-1]]
    return f"every {unit}" if number == "1" else f"every {number} {unit}s"


def _pictures(report: ReplayReport, told: Mapping[str, Any]) -> dict[str, Picture | None]:
    days, dates = [one.day for one in report.dates], told["dates"]

    def figure(name: str) -> list[float | None]:
        return [one.get(name) for one in dates]

    def ends(name: str) -> list[Sequence[float] | None]:
        return [(one.get("intervals") or {}).get(name) for one in dates]

    churned: list[date] = [one.day for one in report.churn]
    return {
        "auroc": lines_over_time(
            days,
            {"AUROC": figure("auroc")},
            words="AUROC of each list, with its 95 % interval",
            form=".2f",
            intervals=figure("auroc_interval"),  # type: ignore[arg-type]
        ),
        "slope": lines_over_time(
            days,
            {"calibration slope": figure("calibration_slope")},
            words="Calibration slope of each list, with its 95 % interval; 1 is right",
            form=".2f",
            intervals=ends("calibration_slope"),
            level=1.0,
        ),
        "in_the_large": lines_over_time(
            days,
            {"calibration in the large": figure("calibration_in_the_large")},
            words="Calibration in the large of each list, with its 95 % interval; 0 is right",
            form=".2f",
            intervals=ends("calibration_in_the_large"),
            level=0.0,
        ),
        "finds": lines_over_time(
            days,
            {
                "the list": figure("true_cases"),
                "admissions last year, then age": figure("rule_true_cases"),
                "known to nobody": figure("new"),
            },
            words="True cases at each date: of the list, of as many people by a simple rule, and known to nobody",
            form=",.0f",
            from_zero=True,
        ),
        "churn": parts_over_time(
            churned,
            {name: [one[name] for one in told["churn"]] for name in ("stayed", "new", "returned")},
            words="Of the people of each list, how many stayed, are new, or came back",
        )
        if churned
        else None,
        "reasons": lines_over_time(
            days,
            dict([*told["reasons"].items()][:5]),
            words="Share of the people listed for whom each theme is among the reasons, at each date",
            form=".0%",
            from_zero=True,
        ),
    }


def _row(one: Mapping[str, Any]) -> dict[str, str]:
    intervals = one.get("intervals") or {}
    return {
        "day": one["day"],
        "people": _number(one["people"]),
        "listed": _number(one["listed"]),
        "events": _number(one.get("events")),
        "auroc": _with_interval(one.get("auroc"), one.get("auroc_interval"), ".3f"),
        "slope": _with_interval(one.get("calibration_slope"), intervals.get("calibration_slope"), ".2f"),
        "in_the_large": _with_interval(
            one.get("calibration_in_the_large"), intervals.get("calibration_in_the_large"), ".2f"
        ),
        "true_cases": _number(one.get("true_cases")),
        "ppv": _share(one.get("ppv")),
        "rule": _number(one.get("rule_true_cases")),
        "beyond_rule": _number(one.get("beyond_rule")),
        "new": _number(one.get("new")),
        "reviewed": _number(one.get("reviewed")),
    }


def _delay(one: Mapping[str, Any]) -> dict[str, str]:
    return {
        "months": str(one["months"]),
        "lists": str(one["lists"]),
        "true_cases": _number(one["true_cases"]),
        "found_late": _number(one["found_late"]),
        "lost": _UNTOLD if one["interval"] is None else _lost(one),
    }


def _lost(one: Mapping[str, Any]) -> str:
    low, high = one["interval"]
    return f"{_signed(one['lost'])} ({_signed(low)} to {_signed(high)})"


def _told(dates: Sequence[Mapping[str, Any]], name: str) -> list[float]:
    return [one[name] for one in dates if one[name] is not None]


def _between(values: Sequence[float], form: str) -> str:
    """Return the span of some values in words; one value alone as it is."""
    if not values:
        return "a number not told"
    low, high = (format(value, form).replace("%", " %") for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def _with_interval(value: float | None, ends: Sequence[float] | None, form: str) -> str:
    if value is None:
        return _UNTOLD
    return format(value, form) + ("" if ends is None else f" ({format(ends[0], form)} to {format(ends[1], form)})")


def _number(value: float | str | None) -> str:
    if isinstance(value, str):
        return value
    return _UNTOLD if value is None else f"{value:,.0f}"


def _share(value: float | None) -> str:
    return _UNTOLD if value is None else f"{100 * value:.0f} %"
