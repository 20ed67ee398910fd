"""The rules of a case list that a site may set; caselist.toml explains each key, docs/caselist.md the grammar."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from vi_risk import declared
from vi_risk.arguments import is_whole
from vi_risk.caselists.choosing.bands import Band, band_faults, read_bands
from vi_risk.caselists.choosing.order import Order, formula_faults
from vi_risk.caselists.choosing.people import known_columns
from vi_risk.caselists.choosing.places import Places, read_places
from vi_risk.caselists.choosing.standing import Standing, read_standing, standing_faults
from vi_risk.errors import SpecificationError, UsageError

if TYPE_CHECKING:
    from vi_risk.features.catalogue import Catalogue
    from vi_risk.features.definition import Feature

SHIPPED_RULES = Path(__file__).with_name("caselist.toml")
MOST_REASONS = 5  # the columns reason_1 to reason_5 of every list

_CERTAINTY = "listed_in_refits"
_KEYS = ("capacity", "order", "places", "standing", "reasons", "hide", "moved_places", "band")


@dataclass(frozen=True, slots=True)
class CaseListRules:
    """Who is on a list, in which order, and what it says.

    Attributes
    ----------
    bands
        From the highest to the lowest.
    capacity
        Places of one meeting.
    reasons
        Reasons shown per person.
    places, order, standing
        Who shares the places, who comes first, and who is kept off or flagged.
    hide
        Groups of codes, definitions of features or their themes, that the list does not name: "alcohol_dependence" is a
        group of conditions, "alcohol" the theme of what else is recorded of it.
    moved_places
        By how many places somebody must have moved since the list before for it to be said.

    Raises
    ------
    SpecificationError
        The rules contradict themselves; the message has one line for each fault.

    Examples
    --------
    >>> from dataclasses import replace
    >>> import vi_risk
    >>> rules = replace(vi_risk.load_rules(), capacity=12)
    >>> rules.capacity, rules.band(0.55)
    (12, 'very high')
    >>> replace(rules, capacity=0)
    Traceback (most recent call last):
    ...
    vi_risk.errors.SpecificationError: case list rules: capacity: expected a whole number from 1, found 0. Give the ...
    """

    bands: tuple[Band, ...]
    capacity: int = 20
    reasons: int = 5
    places: Places = field(default_factory=Places)
    order: Order = field(default_factory=Order)
    standing: tuple[Standing, ...] = ()
    hide: tuple[str, ...] = ()
    moved_places: int = 3

    def __post_init__(self) -> None:
        faults = [
            *band_faults(self.bands),
            *_number_faults(self.capacity, self.reasons, self.moved_places),
            *standing_faults(self.standing),
        ]
        if faults:
            raise SpecificationError.of([f"case list rules: {fault}" for fault in faults])

    def band(self, risk: float) -> str:
        """Return the name of the band that holds this risk; a cut point belongs to the band that it begins.

        Examples
        --------
        >>> rules = load_rules()
        >>> rules.band(0.5), rules.band(0.499)
        ('very high', 'high')

        Raises
        ------
        UsageError
            The risk is missing, or outside 0 to 1.
        """
        if not 0 <= risk <= 1:
            msg = "case list: a risk is outside 0 to 1 or missing; bands need a probability. Score the people again."
            raise UsageError(msg)
        return next(band.name for band in self.bands if risk >= band.risk_from)

    def grade(self, name: str) -> int:
        """Return the place of a band counted from the highest, 0 first.

        Raises
        ------
        UsageError
            The rules have no band of that name: the list was made under other rules.
        """
        names = [band.name for band in self.bands]
        if name not in names:
            msg = (
                f"case list: the band {name!r} is not among those of the rules ({', '.join(names)})."
                " Write the list with the rules that it was made by."
            )
            raise UsageError(msg)
        return names.index(name)

    def hides(self, feature: "Feature") -> bool:
        """Return whether the list is not to name what a feature is about."""
        definition = feature.definition
        return not {feature.group, definition.name, definition.theme}.isdisjoint(self.hide)

    def hidden(self, catalogue: "Catalogue") -> frozenset[str]:
        """Return the names of the features of a catalogue that the list is not to tell of by name."""
        return frozenset(feature.name for feature in catalogue.features if self.hides(feature))

    def with_outside(self, practices: Collection[str]) -> Self:
        """Return the same rules with lists for these practices outside the trust as well, as governance names them."""
        outside = tuple(dict.fromkeys([*self.places.outside, *practices]))
        return replace(self, places=replace(self.places, outside=outside))

    def with_hidden(self, groups: Collection[str]) -> Self:
        """Return the same rules with these groups of code lists named no more, as governance does not let a list."""
        return replace(self, hide=tuple(dict.fromkeys([*self.hide, *groups])))

    @property
    def columns(self) -> tuple[str, ...]:
        """What the rules ask about each person: names of features, risks and columns of the cohort."""
        asked = [*self.order.columns, *(name for one in self.standing for name in one.when.columns)]
        return tuple(dict.fromkeys(asked))

    def refuse_unknown(
        self, catalogue: "Catalogue", *, companions: Sequence[str] = (), also: Collection[str] = ()
    ) -> None:
        """Stop where the rules ask about what there is not; ask before a run, as the list is its last stage.

        Parameters
        ----------
        catalogue
            The features that there are.
        companions
            Names of the models whose risks stand beside the main one.
        also
            Further columns that the scores have.

        Raises
        ------
        SpecificationError
            With one line for each name that is not known.
        """
        columns = known_columns(catalogue, companions) | {*also}
        groups = {feature.group for feature in catalogue.features}
        groups |= {word for one in catalogue.definitions for word in (one.name, one.theme)}
        faults = [
            f"standing.{one.name}: when.{name}: is no feature and no risk. Look it up with `vi-risk features list`."
            for one in self.standing
            for name in one.when.columns
            if name not in columns
        ]
        faults += [
            f"order: {name}: is no feature and no risk. {_mend_of_order(name)}"
            for name in self.order.columns
            if name not in columns
        ]
        faults += [
            f"hide: {name}: is no group of a code list, no definition and no theme. Look it up with"
            " `vi-risk features list`."
            for name in self.hide
            if name not in groups
        ]
        faults += self._too_soon({*also})
        if faults:
            raise SpecificationError.of([f"case list rules: {fault}" for fault in faults])

    def _too_soon(self, known: Collection[str]) -> list[str]:
        """Say what decides who has a place by how sure the place is, which is known when places have been given."""
        if _CERTAINTY in known:
            return []
        words = f"{_CERTAINTY}: is known only when places have been given."
        faults = [
            f'standing.{one.name}: when.{words} Write do = "flag", or leave it out.'
            for one in self.standing
            if one.do == "exclude" and _CERTAINTY in one.when.columns
        ]
        return [*faults, *([f"order: {words} Order by another."] if _CERTAINTY in self.order.columns else [])]


def places_asked_for(capacity: int | None, rules: CaseListRules) -> int:
    """Return the places of one meeting: those given, or those of the rules where none are.

    Raises
    ------
    UsageError
        What is given is no whole number from 1.
    """
    if capacity is None:
        return rules.capacity
    if not is_whole(capacity) or capacity < 1:
        msg = f"capacity: expected a whole number from 1, found {capacity!r}. Give the places of one meeting."
        raise UsageError(msg)
    return int(capacity)


def shipped_rules(catalogue: "Catalogue") -> CaseListRules:
    """Return the shipped rules, without what they ask of features that a catalogue of one's own lacks."""
    rules = load_rules()
    known = known_columns(catalogue)
    return replace(rules, standing=tuple(one for one in rules.standing if known.issuperset(one.when.columns)))


def load_rules(path: str | Path | None = None) -> CaseListRules:
    """Read the rules from a TOML file; without one, those shipped. A key left out keeps its shipped value.

    Parameters
    ----------
    path
        A file as docs/caselist.md describes it; None takes those shipped.

    Returns
    -------
    CaseListRules
        Checked in themselves; whether what they ask about is there shows when lists are made.

    Raises
    ------
    SpecificationError
        The file is not TOML, or has faults; the message has one line for each fault.
    UsageError
        There is no such file.

    Examples
    --------
    >>> import vi_risk
    >>> rules = vi_risk.load_rules()
    >>> rules.capacity, [band.name for band in rules.bands]
    (20, ['very high', 'high', 'moderate', 'lower'])
    """
    file = None if path is None else Path(path)
    shipped = declared.read_toml(SHIPPED_RULES)
    given = {} if file is None else declared.read_toml(file)
    where = (file or SHIPPED_RULES).name
    faults = [
        f"{key}: is not a known key. Expected one of: {', '.join(_KEYS)}. Remove it or check its spelling."
        for key in given
        if key not in _KEYS
    ]
    content: Mapping[str, Any] = {**shipped, **given}
    bands, band_found = read_bands(content["band"])
    places, places_found = read_places(content["places"])
    standing, standing_found = read_standing(shipped["standing"], given.get("standing", {}))
    capacity, reasons, moved = (content[key] for key in ("capacity", "reasons", "moved_places"))
    faults += [*band_found, *places_found, *standing_found, *formula_faults(content["order"])]
    faults += [*_number_faults(capacity, reasons, moved), *_hide_faults(content["hide"])]
    if faults:
        raise SpecificationError.of([f"{where}: {fault}" for fault in faults])
    return CaseListRules(
        bands=bands,
        capacity=capacity,
        reasons=reasons,
        places=places,
        order=Order(content["order"]),
        standing=standing,
        hide=tuple(content["hide"]),
        moved_places=moved,
    )


def _number_faults(capacity: object, reasons: object, moved_places: object) -> list[str]:
    faults = []
    if not is_whole(capacity) or capacity < 1:
        faults.append(f"capacity: expected a whole number from 1, found {capacity!r}. Give the places of one meeting.")
    if not is_whole(reasons) or not 1 <= reasons <= MOST_REASONS:
        faults.append(
            f"reasons: expected a whole number from 1 to {MOST_REASONS}, found {reasons!r}. Choose one of them."
        )
    if not is_whole(moved_places) or moved_places < 1:
        faults.append(f"moved_places: expected a whole number from 1, found {moved_places!r}. 1 tells every move.")
    return faults


def _hide_faults(hide: object) -> list[str]:
    if isinstance(hide, Sequence) and not isinstance(hide, str) and all(isinstance(group, str) for group in hide):
        return []
    return [f'hide: expected a list of groups such as ["alcohol_dependence"], found {hide!r}. Write it in brackets.']


def _mend_of_order(name: str) -> str:
    if name.startswith("risk_"):
        return f'Name {name.removeprefix("risk_")} among the companions of the model spec, or write order = "risk".'
    return "Look it up with `vi-risk features list`."
