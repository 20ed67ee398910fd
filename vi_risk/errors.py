"""Every way in which vi_risk says no: one tree, each kind with its exit code.

A message says where, what was expected, what was found and what to do. It never holds a value of any record:
table, column, rule and number of rows are enough to find the fault.
"""


class ViRiskError(Exception):
    """What went wrong, in one message for a person; the parent of all errors raised on purpose.

    Examples
    --------
    One that is caught stands for all of them; its exit code is what the command line would end with.

    >>> import vi_risk
    >>> try:
    ...     vi_risk.load_spec("emergency_admissions")
    ... except vi_risk.ViRiskError as error:
    ...     print(error.exit_code, str(error)[:54])
    2 emergency_admissions: no model spec of that name is sh
    """

    exit_code = 1


class UsageError(ViRiskError):
    """The command or the call itself is off: an unknown name, a folder that cannot be the output.

    Examples
    --------
    >>> import vi_risk
    >>> vi_risk.read_catalogue().only("agee")
    Traceback (most recent call last):
    ...
    vi_risk.errors.UsageError: catalogue: agee: no such definition. ...
    """

    exit_code = 2


class InputError(ViRiskError):
    """The records, or the files of an earlier stage, cannot be used as they are.

    Examples
    --------
    >>> import vi_risk
    >>> vi_risk.check_mapping("nowhere", None)
    Traceback (most recent call last):
    ...
    vi_risk.errors.InputError: nowhere: no such folder. ...
    """

    exit_code = 3


class SpecificationError(ViRiskError):
    """A declared file (feature, code list, model spec, mapping, case list rules) is wrong; all its faults are told.

    Examples
    --------
    >>> import vi_risk
    >>> vi_risk.load_spec().with_changes(horizon=180)
    Traceback (most recent call last):
    ...
    vi_risk.errors.SpecificationError: emergency_admission_12m: horizon: is not a known key. Remove it or check its ...
    """

    exit_code = 4

    @classmethod
    def of(cls, faults: list[str]) -> "SpecificationError":
        """One error for all faults of all files, a line each."""
        return cls("\n".join(faults))


class GovernanceError(ViRiskError):
    """The records or the purpose lie outside what the governance file permits.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import vi_risk
    >>> with TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "patients.csv").write_text("patient_id,birth_month,sex")
    ...     vi_risk.read_records(folder)
    Traceback (most recent call last):
    ...
    vi_risk.errors.GovernanceError: ...: no governance file says what these records may be used for, ...
    """

    exit_code = 5


class ResourceError(ViRiskError):
    """The machine cannot do it: disk full, folder not writable, store not reachable.

    Examples
    --------
    >>> import vi_risk
    >>> vi_risk.write_trust("/dev/null/trust", patients=3)
    Traceback (most recent call last):
    ...
    vi_risk.errors.ResourceError: /dev/null/trust: expected a folder that can be written to, ...
    """

    exit_code = 6


NOT_WITHIN_SPEC = 7
"""The exit code where the work went well and something lies outside what the model spec asks for."""


class NotPromotedError(ViRiskError):
    """A gate that the model spec sets is not passed: the model does not take the champion's place.

    The message says by how much, in figures. The work itself went well, so that a schedule may tell "not good enough"
    from "did not run" by the exit code.
    """

    exit_code = NOT_WITHIN_SPEC


class LimitPassedError(ViRiskError):
    """A limit that the model spec sets is passed: since its run something changed that somebody has to look at.

    Raised by the command `vi-risk monitor` alone, after the page is written; in Python `Monitored` tells the same.
    """

    exit_code = NOT_WITHIN_SPEC


class LeakError(ViRiskError):
    """Identifiers stand where none may."""

    exit_code = 8
