"""All that can be said of whether it helped: each part found, or the reason why nothing is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from vi_risk.errors import InputError, UsageError
from vi_risk.governance.door import permission_in, without_objectors
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.impact.joining import Comparable, Joining, comparable, joining_of
from vi_risk.impact.libraries import refuse_absent
from vi_risk.impact.listed import EarlierList, Followed, followed_of
from vi_risk.impact.outcomes import complete_to
from vi_risk.impact.panel import Panel, panel_of
from vi_risk.impact.reviewing import AtTheLine, BeforeAfter, Matched, at_the_line, before_after, matched
from vi_risk.impact.synthetic_control import Gap, gaps_of
from vi_risk.records.linked import Records
from vi_risk.running.progress import Report, Silence


@dataclass(frozen=True, slots=True)
class Practices:
    """What joining did: by outcome, and of emergency admissions by practice."""

    first: date
    last: date
    joined: int
    never: int
    outcomes: tuple[Joining, ...]
    gaps: tuple[Gap, ...]
    without_gap: int


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What reviews did to emergency admissions."""

    lists: tuple[date, ...]
    days: int
    at_the_line: AtTheLine
    matched: Matched
    before_after: BeforeAfter


@dataclass(frozen=True, slots=True)
class Impact:
    """What was found.

    Attributes
    ----------
    practices, reviewed
        None where nothing can be told; `untold` says why, by the part's name.
    rule
        How small numbers are told.
    """

    practices: Practices | None
    reviewed: Reviewed | None
    untold: dict[str, str]
    notes: tuple[str, ...]
    rule: Disclosure


def impact(
    records: Records,
    lists: Sequence[EarlierList] = (),
    *,
    since: date | None = None,
    until: date | None = None,
    report: Report | None = None,
) -> Impact:
    """Return what joining the trust, and reviews of earlier lists, did to how often people come to hospital.

    Parameters
    ----------
    records
        Read through the door.
    lists
        Earlier lists that were acted on; without them nothing is told of reviews.
    since, until
        Practices are compared over the whole months in ``[since, until)``; None takes all.

    Raises
    ------
    GovernanceError
        The records have not come through the door.
    InputError
        Nothing can be told: the message says why, of each part that was asked for.
    UsageError
        The window is empty, or the extra `causal` is not installed.
    """
    told = report or Silence()
    refuse_absent()
    if since is not None and until is not None and since >= until:
        msg = f"--from {since}, --to {until}: the window is empty. Let --to be later than --from."
        raise UsageError(msg)
    complete, _ = complete_to(records)
    records = without_objectors(records, complete)
    untold: dict[str, str] = {}
    notes: list[str] = []
    told.stage("Compare practices before and after joining")
    practices = None
    try:
        panel = panel_of(records, since=since, until=until)
        found = comparable(panel)
        practices = _practices(panel, found)
        notes += [*panel.notes, *found.notes]
        told.step(f"{practices.joined} practices that joined, {practices.never} that did not")
    except InputError as error:
        untold["practices"] = str(error)
    reviewed = None
    if lists:
        told.stage("Compare people who were reviewed")
        try:
            followed = followed_of(records, lists, known_by=complete)
            reviewed = _reviewed(followed, lists)
            notes += followed.notes
            told.step(f"{len(lists)} lists, followed for {followed.days} days")
        except InputError as error:
            untold["reviewed"] = str(error)
    if practices is None and reviewed is None:
        raise InputError("\n".join(untold.values()))
    return Impact(practices, reviewed, untold, tuple(notes), _rule(records))


def _practices(panel: Panel, found: Comparable) -> Practices:
    gaps, without = gaps_of(found, "emergency_admissions")
    numbers = sorted(found.rows["month"].unique())
    return Practices(
        first=panel.months[int(numbers[0])],
        last=panel.months[int(numbers[-1])],
        joined=len(found.joined),
        never=len(found.never),
        outcomes=tuple(joining_of(found, outcome) for outcome in panel.outcomes),
        gaps=gaps,
        without_gap=without,
    )


def _reviewed(followed: Followed, lists: Sequence[EarlierList]) -> Reviewed:
    days = tuple(sorted(one.list_date for one in lists))
    return Reviewed(days, followed.days, at_the_line(followed), matched(followed), before_after(followed))


def _rule(records: Records) -> Disclosure:
    permission = permission_in(records)
    return Disclosure(permission.fewer_than, permission.round_to)
