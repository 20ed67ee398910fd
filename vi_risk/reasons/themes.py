"""Themes: all features of a model that say the same kind of thing, of which one is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vi_risk.features.definition import Definition, Feature
from vi_risk.features.sources import CONTACTS
from vi_risk.records.codes import EMERGENCY_ADMISSION_METHODS

# Where one event has a row in each: an attendance at A&E, and the admission that it ended in.
_OF_ONE_EVENT = ("admissions", "ed_attendances", "spells")
# Of the settings of care those that most contacts are with.
_SETTINGS = ("gp_appointments", "community_contacts", "outpatient_appointments")
YEAR = 367  # and the day or two by which a look-back cut to what is seen may be longer


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A feature of a theme.

    Attributes
    ----------
    place
        Of the feature among those of the model.
    window
        Days of look-back that were used, which may be fewer than declared; None of an attribute of the person.
    """

    place: int
    feature: Feature
    window: int | None

    @property
    def definition(self) -> Definition:
        """What the feature means."""
        return self.feature.definition

    @property
    def is_count(self) -> bool:
        """Whether it counts events, so that some of them may lie in a shorter window."""
        definition = self.definition
        of_days = definition.measure == "distinct" and definition.of == definition.source.event
        return definition.at_least is None and (definition.measure == "count" or of_days)

    @property
    def is_last_day(self) -> bool:
        """Whether it says how long ago the last event was."""
        return self.definition.measure == "days_since_last"

    @property
    def is_of_hospital_visit(self) -> bool:
        """Whether its events are attendances at A&E or stays, of which one may be a row of both."""
        return self.definition.table in _OF_ONE_EVENT

    @property
    def is_of_emergency_admissions(self) -> bool:
        """Whether it reads emergency admissions, all of them and nothing else."""
        definition = self.definition
        where = {"admission_method": frozenset(EMERGENCY_ADMISSION_METHODS)}
        of_any = {column: _set_of(values) for column, values in definition.where.items()} == where
        return definition.table == "admissions" and definition.codes is None and of_any

    def counts(self, flag: "Member") -> bool:
        """Return whether this is the number of groups of a code list, of which the other says whether it is there."""
        definition, its = self.definition, flag.definition
        return (
            (definition.measure, its.measure) == ("groups", "group_flags")
            and definition.at_least is None
            and (definition.table, definition.codes, self.window) == (its.table, its.codes, flag.window)
        )

    def reads_as(self, other: "Member") -> bool:
        """Return whether both read the same rows, whatever they make of them and however far back."""
        mine, its = self.definition, other.definition
        return (mine.table, mine.where, mine.codes, mine.groups) == (its.table, its.where, its.codes, its.groups)


@dataclass(frozen=True, slots=True, eq=False)
class Theme:
    """What is one reason: the features of all definitions that share it, apart by group.

    Attributes
    ----------
    words
        Its name for people: "Emergency admissions", or that of the group, "COPD".
    members
        In declared order.
    named_by
        Of themes that count conditions or kinds of medicine, the features that say of each whether it is there.
    """

    words: str
    members: tuple[Member, ...]
    named_by: tuple[Member, ...] = ()

    @property
    def headline(self) -> tuple[Member, ...]:
        """The numbers that a reader understands the theme by, one for each window; none where it does not begin so."""
        first = self.members[0]
        counts = first.definition.measure in ("count", "distinct") and first.definition.at_least is None
        return self.windows_of(first) if counts else ()

    @property
    def by_name(self) -> Member | None:
        """The count of whose parts most are named; None where `named_by` names none."""
        named = {member: sum(member.counts(flag) for flag in self.named_by) for member in self.members}
        return max(named, key=lambda member: named[member]) if self.named_by else None

    @property
    def sums_settings(self) -> bool:
        """Whether it counts contacts with every setting of care, those that have themes of their own among them."""
        first = self.members[0].definition
        return first.table == CONTACTS and first.measure == "count" and not first.where

    def windows_of(self, member: Member) -> tuple[Member, ...]:
        """Return the features of the same definition, shortest window first."""
        return tuple(other for other in self.members if other.definition is member.definition)

    def last_day(self, of: Member) -> Member | None:
        """Return the member that says how long ago the last event of a count was."""
        return next((member for member in self.members if member.is_last_day and member.reads_as(of)), None)


@dataclass(frozen=True, slots=True, eq=False)
class Themes:
    """All themes of a model, by name.

    Attributes
    ----------
    belongs
        Shape (features, themes): 1 where a feature is a member of a theme, else 0. Each is of one theme.
    may_be_unseen
        Members whose declaration has words for a value that is missing because it was not seen.
    """

    all: tuple[Theme, ...]
    belongs: "np.ndarray[Any, np.dtype[np.float64]]"
    may_be_unseen: tuple[Member, ...]

    def ordered(self, contributions: "np.ndarray[Any, np.dtype[np.float64]]", *, least: float) -> dict[Theme, float]:
        """Return the themes that add so much or more for one person, and what they add, the most first.

        Parameters
        ----------
        contributions
            Of each feature, in the order of the model.
        """
        added = contributions @ self.belongs
        order = np.argsort(-added, kind="stable")
        return {self.all[place]: float(added[place]) for place in order if added[place] >= least}


def themes_of(features: Sequence[Feature], windows: Mapping[str, int | None]) -> Themes:
    """Return the themes of a model's features.

    Parameters
    ----------
    features
        In the order of the model.
    windows
        Feature name -> days of look-back where they differ from the declared window.
    """
    members: dict[tuple[str, str], list[Member]] = {}
    for place, feature in enumerate(features):
        name, group = feature.theme
        member = Member(place, feature, windows.get(feature.name, feature.window))
        members.setdefault((name, group or ""), []).append(member)
    flags = [flag for found in members.values() for flag in found if flag.definition.measure == "group_flags"]
    themes = tuple(
        Theme(
            _words(found[0].feature),
            tuple(found),
            tuple(flag for flag in flags if any(member.counts(flag) for member in found)),
        )
        for _, found in sorted(members.items())
    )
    belongs = np.zeros((len(features), len(themes)))
    for number, theme in enumerate(themes):
        belongs[[member.place for member in theme.members], number] = 1
    lackable = tuple(m for theme in themes for m in theme.members if m.definition.reason_missing)
    return Themes(themes, belongs, lackable)


def without_sums(added: Mapping[Theme, float]) -> dict[Theme, float]:
    """Return themes and what they add without contacts of all settings, where the theme of a setting is among them."""
    parts_told = any(theme.members[0].definition.table in _SETTINGS for theme in added)
    return {theme: by for theme, by in added.items() if not (parts_told and theme.sums_settings)}


def usual_window(counts: Sequence[Member]) -> Member:
    """Return the count that people think in: of the longest look-back up to a year, else of the shortest."""
    in_a_year = [count for count in counts if (count.window or 0) <= YEAR]
    return in_a_year[-1] if in_a_year else counts[0]


def _set_of(values: object) -> object:
    return frozenset(values) if isinstance(values, tuple) else values


def _words(feature: Feature) -> str:
    words = feature.definition.theme or feature.group_title or feature.definition.title
    return words[:1].upper() + words[1:]
