"""What a run says of its permission: in run.json, on the card and beside the stages."""

import calendar
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from vi_risk.errors import GovernanceError
from vi_risk.features.codelists import CodeList
from vi_risk.governance.door import objection_in_words
from vi_risk.governance.sensitive import kind_in_words
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.records.permission import Permission

_FEW = "few"  # or not told, so that a small number of another practice cannot be worked out
_MOST_NAMED = 20  # practices, in one sentence


def about_permission(permission: Permission, list_date: date, *, objections: bool) -> dict[str, Any]:
    """Return what run.json says of a permission: plain values, numbers as they may be told.

    Parameters
    ----------
    objections
        Whether the records hold the table of objections; without it nobody can be left out for one.
    """
    keep, rule = permission.retention_months, Disclosure(permission.fewer_than, permission.round_to)
    kept_from = max(list_date, permission.read_on or list_date)  # a list of a day long past is made today
    return {
        "purpose": permission.purpose or None,
        "approval_ends": None if permission.ends is None else permission.ends.isoformat(),
        "delete_by": None if keep is None else _months_after(kept_from, keep).isoformat(),
        "scores": permission.scores,
        "lists": permission.lists,
        "objections": dict(permission.objections),
        "objections_in_the_records": objections,
        "sensitive_used": sorted(permission.sensitive),
        "shown_on_lists": sorted(permission.shown_on_lists),
        "sensitive_refused": sorted(permission.refused),
        "small_numbers": {"fewer_than": rule.fewer_than, "round_to": rule.round_to},
        "left_out": [{"rule": one.rule, "of": one.of, "number": rule.words(one.number)} for one in permission.left_out],
        "objectors_by_practice": {
            practice: _FEW if told is None else f"{told:,}"
            for practice, told in rule.table(permission.objectors).items()
        },
    }


def permission_in_words(about: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what `about_permission` wrote as sentences for people."""
    said = [f"Left out at the door: {one['rule']}, {one['number']} {one['of']}." for one in about["left_out"]]
    said += _objectors_in_words(about.get("objectors_by_practice", {}))
    said += [
        f"Included though they object ({objection_in_words(kind)}), by approval {approval}."
        for kind, approval in about["objections"].items()
        if approval is not None
    ]
    if not about["objections_in_the_records"]:
        said.append(
            "The records hold no objections: whoever objects must have been left out before they were extracted."
        )
    for words, kinds in (
        ("Sensitive codes used, as the governance file permits", about["sensitive_used"]),
        ("Sensitive codes refused at the door", about["sensitive_refused"]),
    ):
        if kinds:
            said.append(f"{words}: {', '.join(kind_in_words(kind) for kind in kinds)}.")
    if about["delete_by"] is not None:
        day = date.fromisoformat(about["delete_by"])
        said.append(f"What was made of them is to be deleted by {day.day} {day:%B %Y}.")
    return tuple(said)


def _objectors_in_words(by_practice: Mapping[str, str]) -> list[str]:
    """Return one sentence on the objectors of each practice, where the records say who is registered with which.

    Of many practices it says the range, and which have nobody; run.json has each.

    >>> _objectors_in_words({"M92001": "10", "M92002": "few", "M92003": "0", "M92004": "few"})
    ['Left out for an objection, by practice: M92001 10; few or not told: M92002, M92004; nobody: M92003.']
    """
    numbers = {practice: told for practice, told in by_practice.items() if told not in (_FEW, "0")}
    few = [practice for practice, told in by_practice.items() if told == _FEW]
    nobody = ", ".join(practice for practice, told in by_practice.items() if told == "0")
    if len(by_practice) > _MOST_NAMED:
        counts = sorted(map(int, numbers.values()))
        some = f"{counts[0]} to {counts[-1]} people in {len(counts)} practices" if counts else ""
        parts = [some, f"few or not told in {len(few)}" if few else ""]
    else:
        named = ", ".join(f"{practice} {told}" for practice, told in numbers.items())
        parts = [named, f"few or not told: {', '.join(few)}" if few else ""]
    said = "; ".join(part for part in (*parts, f"nobody: {nobody}" if nobody else "") if part)
    return [f"Left out for an objection, by practice: {said}."] if said else []


def objectors_in_words(about: Mapping[str, Any] | None) -> dict[str, str]:
    """Return practice_code -> how many people registered there were left out for an objection, as its list may tell it.

    The practice knows from its own register how many object. None here where it knows of some says that their
    objections have not reached the trust.

    Parameters
    ----------
    about
        What `about_permission` wrote; None of a folder that was made before there was a door.

    Examples
    --------
    >>> objectors_in_words({"objectors_by_practice": {"M92001": "10", "M92002": "few", "M92003": "0"}})
    {'M92001': '10 people', 'M92002': 'few, or not told', 'M92003': 'nobody'}
    """
    told = (about or {}).get("objectors_by_practice", {})
    return {
        practice: {_FEW: "few, or not told", "0": "nobody"}.get(number, f"{number} people")
        for practice, number in told.items()
    }


def beside_a_list(words: str | None, about: Mapping[str, Any] | None) -> str | None:
    """Return what a list says of its governance, in one line: on what basis, and how many objectors were left out.

    Of all practices together; `objectors_in_words` tells those of each.

    Examples
    --------
    >>> beside_a_list("direct care", {"left_out": [{"rule": "type 1 opt-out", "of": "people", "number": "12"}]})
    'direct care; left out of the records of all practices: type 1 opt-out, 12 people'
    >>> beside_a_list(None, None)
    """
    people = [] if about is None else [one for one in about["left_out"] if one["of"] == "people"]
    left_out = "; ".join(f"{one['rule']}, {one['number']} people" for one in people)
    said = [words, f"left out of the records of all practices: {left_out}" if left_out else None]
    return "; ".join(one for one in said if one) or None


def not_shown(about: Mapping[str, Any] | None, codelists: Iterable[CodeList]) -> tuple[str, ...]:
    """Return the groups of code lists that are sensitive, may be used, and are not to be named on a list.

    Parameters
    ----------
    about
        What `about_permission` wrote; None of a folder that was made before there was a door.
    """
    shown = () if about is None else about["shown_on_lists"]
    return tuple(
        dict.fromkeys(
            group
            for codelist in codelists
            for group, kind in codelist.sensitive.items()
            if group in codelist.groups and kind not in shown
        )
    )


def refuse_use(about: Mapping[str, Any] | None, *, of: str) -> None:
    """Stop where what is about to be made of a run's people, ``"scores"`` or ``"lists"``, is not permitted.

    Parameters
    ----------
    about
        What `about_permission` wrote; None of a folder that was made before there was a door.

    Raises
    ------
    GovernanceError
        The purpose does not permit it.
    """
    if about is not None and not about[of]:
        what = "a risk for each person" if of == "scores" else "people named on a list"
        msg = (
            f"governance: the purpose {about['purpose']} does not permit {what}. Features, a model and its evidence may"
            " be made: `vi-risk features build`, `train`, `evaluate`."
        )
        raise GovernanceError(msg)


def refuse_whole_run(permission: Permission) -> None:
    """Stop before hours of work where the lists that a whole run ends with are not permitted.

    Raises
    ------
    GovernanceError
        The purpose does not permit them.
    """
    refuse_use({"purpose": permission.purpose, "lists": permission.lists}, of="lists")


def refuse_ended(about: Mapping[str, Any] | None, *, today: date) -> None:
    """Stop where the approval under which an output folder was begun has ended, or the folder was to be deleted.

    Raises
    ------
    GovernanceError
        One of them, or both.
    """
    ends, delete_by = (None if about is None else about.get(key) for key in ("approval_ends", "delete_by"))
    faults = []
    if ends is not None and today > date.fromisoformat(ends):
        faults.append(
            f"governance: the approval ended on {ends}, and today is {today}. Have it extended, write its new end under"
            " [approval], and run `vi-risk features build` again."
        )
    if delete_by is not None and today > date.fromisoformat(delete_by):
        faults.append(
            f"governance: this folder was to be deleted by {delete_by}, and today is {today}. Delete it, and the runs"
            " of MLflow that tell of it; nothing more is made of either."
        )
    if faults:
        raise GovernanceError("\n".join(faults))


# What a permission is made of -> how it is called where it has changed. What was left out is no part of it.
_ASKED_AGAIN = {
    "purpose": "the purpose",
    "approval_ends": "the approval's end",
    "objections": "the objections that are honoured",
    "sensitive_used": "the sensitive codes that may be used",
    "shown_on_lists": "what a list may name",
    "small_numbers": "how small numbers are told",
}


def changed_since(about: Mapping[str, Any] | None, permission: Permission) -> str | None:
    """Return what is said where a permission is another than the one an output folder was begun under; None if not.

    Parameters
    ----------
    about
        What `about_permission` wrote; None of a folder that was made before there was a door.
    permission
        Of the governance file as it stands now.
    """
    if about is None or permission.nobodys or not about["purpose"]:
        return None
    now = about_permission(permission, permission.read_on or date.min, objections=True)
    changed = [words for name, words in _ASKED_AGAIN.items() if about[name] != now[name]]
    if not changed:
        return None
    return (
        f"governance: the features of this folder were built under another permission: {', '.join(changed)}, as the"
        " governance file now tells. What it says now holds from the next `vi-risk features build` or `run` on."
    )


def _months_after(day: date, months: int) -> date:
    """Return the day so many months later, or the last of that month where it has no such day.

    Examples
    --------
    >>> _months_after(date(2024, 8, 31), 6)
    datetime.date(2025, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
