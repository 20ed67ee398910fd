"""Every way in which vi_risk says no: one tree, each kind with its exit code.

A message says where, what was expected, what was found and what to do. It never holds a value of any record:
table, column, rule and number of rows are enough to find the fault.
"""


class ViRiskError(Exception):
    """What went wrong, in one message for a person; the parent of all errors raised on purpose."""

    exit_code = 1


class UsageError(ViRiskError):
    """The command or the call itself is off: an unknown name, a folder that cannot be the output."""

    exit_code = 2


class InputError(ViRiskError):
    """The records, or the files of an earlier stage, cannot be used as they are."""

    exit_code = 3


class SpecificationError(ViRiskError):
    """A declared file (feature, code list, model spec, mapping, case list rules) is wrong; all its faults are told."""

    exit_code = 4

    @classmethod
    def of(cls, faults: list[str]) -> "SpecificationError":
        """One error for all faults of all files, a line each."""
        return cls("\n".join(faults))


class GovernanceError(ViRiskError):
    """The records or the purpose lie outside what the governance file permits."""

    exit_code = 5


class ResourceError(ViRiskError):
    """The machine cannot do it: disk full, folder not writable, store not reachable."""

    exit_code = 6


class NotPromotedError(ViRiskError):
    """A gate that the model spec sets is not passed: the model does not take the champion's place.

    The message says by how much, in figures. The work itself went well, so that a schedule may tell "not good enough"
    from "did not run" by the exit code.
    """

    exit_code = 7


class LeakError(ViRiskError):
    """Identifiers stand where none may."""

    exit_code = 8
