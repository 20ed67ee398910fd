"""The governance file: for what, on what basis and until when a site's records may be used, as one frozen object."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from vi_risk import declared
from vi_risk.arguments import refuse_no_day
from vi_risk.errors import GovernanceError, UsageError
from vi_risk.governance.sensitive import faults_of_own
from vi_risk.records.codes import OBJECTION_KIND, SENSITIVE_KIND
from vi_risk.records.tables import TABLES

DEFAULT_FILE = Path("governance.toml")
EXAMPLE = "docs/governance.md has a filled example"

_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)
_STANDS_FOR_MANY = frozenset("*?%")  # elsewhere, of any letters; a code of a practice has none of them


@dataclass(frozen=True, slots=True)
class Purpose:
    """One of the purposes that there are, and what it permits."""

    words: str
    scores: bool  # a risk for each person
    lists: bool  # people named on a list, by pseudonym
    reidentified: bool  # the pseudonyms of a list turned back, by whom the file names


PURPOSES: Mapping[str, Purpose] = MappingProxyType(
    {
        "direct_care": Purpose("direct care by the provider", scores=True, lists=True, reidentified=True),
        "section_251_risk_stratification": Purpose(
            "risk stratification with section 251 support", scores=True, lists=True, reidentified=True
        ),
        "planning": Purpose("planning of services", scores=False, lists=False, reidentified=False),
    }
)


def _said(text: str) -> str:
    if not text.strip():
        msg = "is empty. Say it in one line"
        raise ValueError(msg)
    return " ".join(text.split())


def _one_of(names: Collection[str]) -> AfterValidator:
    def known(name: str) -> str:
        if name not in names:
            msg = f"{name!r} is not known. Expected one of: {', '.join(names)}"
            raise ValueError(msg)
        return name

    return AfterValidator(known)


Said = Annotated[str, AfterValidator(_said)]
Names = Annotated[tuple[Said, ...], Field(strict=False)]


class Approval(BaseModel):
    """By which decision the records are used, and its last day."""

    model_config = _STRICT

    reference: Said
    ends: date


class Included(BaseModel):
    """People who object are included all the same, by the approval of this reference."""

    model_config = _STRICT

    include: Said


class SmallNumbers(BaseModel):
    """How numbers of people are told outside the team: not below `fewer_than`, and rounded."""

    model_config = _STRICT

    fewer_than: Annotated[int, Field(ge=8, le=1000)] = 8
    round_to: Annotated[int, Field(ge=5, le=1000)] = 5


def _policy(value: object) -> object:
    if value == "exclude":
        return None
    if isinstance(value, Mapping):
        return value
    msg = f'expected "exclude", or {{include = "REFERENCE"}} with the approval that includes them. Found {value!r}'
    raise ValueError(msg)


def _always(value: object) -> object:
    if value == "exclude":
        return value
    msg = 'is always honoured, and no approval changes that. Write "exclude", or leave it out'
    raise ValueError(msg)


Policy = Annotated[Included | None, BeforeValidator(_policy)]  # None: they are left out


class Objections(BaseModel):
    """What is done for people who object, by the kind of their objection."""

    model_config = _STRICT

    type_1: Policy
    national_data_opt_out: Policy
    risk_stratification: Annotated[Literal["exclude"], BeforeValidator(_always)] = "exclude"

    @property
    def approvals(self) -> dict[str, str | None]:
        """Kind of objection -> reference of the approval that includes these people; None leaves them out."""
        included = {"type_1": self.type_1, "national_data_opt_out": self.national_data_opt_out}
        return {kind: policy.include if (policy := included.get(kind)) else None for kind in OBJECTION_KIND}


class Governance(BaseModel):
    """What a site permits.

    Attributes
    ----------
    purpose
        Key of `PURPOSES`.
    legal_basis, approval
        On what ground, and who approved it until when.
    small_numbers
        How numbers of people are told outside the team.
    tables
        Canonical tables that may be read; objections always may.
    retention_months
        Months for which what was made may be kept, after the date of the list or the day of reading, the later one.
    objections
        What is done for people who object.
    sensitive
        Kind of sensitive codes -> whether they may be used; a kind that is not named may not.
    sensitive_codes
        Folder with code lists of the site's own, ``codelists/*.csv``, kept out as those shipped are; None has none.
    shown_on_lists
        Of the kinds that may be used, those that a list may name.
    practices_outside
        Codes of practices outside the trust that have a list all the same.
    reidentify
        User -> codes of the practices whose lists they may re-identify.

    Examples
    --------
    >>> from datetime import date
    >>> import vi_risk
    >>> governance = vi_risk.Governance.model_validate(
    ...     {
    ...         "purpose": "direct_care",
    ...         "legal_basis": "Health and Social Care (Safety and Quality) Act 2015",
    ...         "tables": ("patients", "spells"),
    ...         "retention_months": 12,
    ...         "approval": {"reference": "IG-2025-014", "ends": date(2025, 12, 31)},
    ...         "objections": {"type_1": "exclude", "national_data_opt_out": "exclude"},
    ...     }
    ... )
    >>> governance.faults(today=date(2025, 4, 2), tables=["patients", "spells"])
    []
    >>> len(governance.faults(today=date(2026, 4, 2), tables=["patients", "gp_events"]))
    2
    """

    model_config = _STRICT

    purpose: Annotated[str, _one_of(PURPOSES)]
    legal_basis: Said
    approval: Approval
    tables: Annotated[tuple[Annotated[str, _one_of(TABLES)], ...], Field(strict=False, min_length=1)]
    retention_months: Annotated[int, Field(ge=1, le=1200)]
    objections: Objections
    sensitive: dict[str, bool] = {}
    sensitive_codes: Annotated[Path | None, Field(strict=False)] = None
    shown_on_lists: Names = ()
    small_numbers: SmallNumbers = SmallNumbers()
    practices_outside: Names = ()
    reidentify: dict[str, Names] = {}

    @model_validator(mode="after")
    def _is_coherent(self) -> Self:
        faults = [
            f"shown_on_lists names {kind}, which may not be used. Add {kind} = true to [sensitive], or take it out"
            for kind in self.shown_on_lists
            if not self.sensitive.get(kind)
        ]
        faults += [
            f"sensitive.{kind}: is not a known kind. Write {meant[0]} if that is meant; a kind of the site's own code"
            " lists needs a name that is less like it"
            for kind in self.sensitive
            if kind not in SENSITIVE_KIND and (meant := get_close_matches(kind, SENSITIVE_KIND, n=1, cutoff=0.75))
        ]
        if self.reidentify and not PURPOSES[self.purpose].reidentified:
            faults.append(f"reidentify names users, and the purpose {self.purpose} permits nobody. Take them out")
        faults += [
            f"reidentify.{user}: a sign such as * stands for no practice. Name each practice whose lists this user may"
            " re-identify"
            for user, practices in self.reidentify.items()
            if any(_STANDS_FOR_MANY & set(practice) for practice in practices)
        ]
        if faults:
            raise ValueError("\n".join(faults))
        return self

    @property
    def words(self) -> str:
        """Purpose, legal basis and approval in one line, for the card and the pages."""
        ends = f"{self.approval.ends.day} {self.approval.ends:%B %Y}"
        return f"{PURPOSES[self.purpose].words}; {self.legal_basis}; approval: {self.approval.reference}, until {ends}"

    def may_reidentify(self, user: str, practice_code: str) -> bool:
        """Whether a user may turn the pseudonyms of the list of a practice (practice_code) back."""
        return PURPOSES[self.purpose].reidentified and practice_code in self.reidentify.get(user, ())

    def faults(self, *, today: date, tables: Collection[str] = ()) -> list[str]:
        """Say what of a use lies outside the permission.

        Parameters
        ----------
        today
            The day on which it happens.
        tables
            Canonical tables that are read.

        Raises
        ------
        UsageError
            `today` is no `datetime.date`.
        """
        refuse_no_day(today, name="today")
        found = []
        if today > self.approval.ends:
            found.append(
                f"approval: {self.approval.reference} ended on {self.approval.ends}, and today is {today}."
                " Have it extended, and write its new end under [approval]."
            )
        return found + table_faults(tables, self.tables)


def table_faults(tables: Collection[str], allowed: Collection[str]) -> list[str]:
    """Say which tables are there and are not permitted; objections always are, for they are there to be honoured."""
    beyond = [name for name in tables if name not in allowed and name != "objections"]
    if not beyond:
        return []
    fault = (
        f"tables: not among those that are permitted: {', '.join(beyond)}. Leave what is not permitted out of the"
        " records or of the mapping, or have the permission extended and add it to tables."
    )
    return [fault]


def read_governance(path: str | Path) -> Governance:
    """Read a governance file.

    Parameters
    ----------
    path
        A TOML file as docs/governance.md describes it.

    Returns
    -------
    Governance
        Frozen and checked in itself; records and the day of the use are held against it as they are read.

    Raises
    ------
    UsageError
        There is no such file, or it is none: a folder, a device.
    GovernanceError
        A key is missing, unknown or not as it must be; all faults at once.
    SpecificationError
        It is no TOML.

    Examples
    --------
    >>> import vi_risk
    >>> vi_risk.read_governance("governance.toml")
    Traceback (most recent call last):
    ...
    vi_risk.errors.UsageError: --governance governance.toml: no such file. Name a TOML file; ...
    """
    path = Path(path)
    if not path.is_file():
        found = "is a folder" if path.is_dir() else "is no plain file" if path.exists() else "no such file"
        msg = f"--governance {path}: {found}. Name a TOML file; {EXAMPLE}."
        raise UsageError(msg)
    content = declared.read_toml(path)
    try:
        governance = Governance.model_validate(content)
    except ValidationError as error:
        raise GovernanceError("\n".join(declared.faults_of(error, str(path)))) from None
    return governance if governance.sensitive_codes is None else _with_own_codes(governance, path)


def _with_own_codes(governance: Governance, file: Path) -> Governance:
    """Return a governance file that names code lists of the site's own with the folder as it lies beside the file."""
    folder = file.parent / str(governance.sensitive_codes)
    if declared.leads_out(folder, file.parent):
        faults = ["lies elsewhere. Put the folder beside the governance file: who approves the one is to see the other"]
    else:
        faults = faults_of_own(folder, permitted=[kind for kind, may in governance.sensitive.items() if may])
    if faults:
        raise GovernanceError("\n".join(f"{file}: sensitive_codes: {fault}." for fault in faults))
    return governance.model_copy(update={"sensitive_codes": folder})
