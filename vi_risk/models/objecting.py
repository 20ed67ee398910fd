"""Who objects to risk stratification: neither scored, nor listed, nor named."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vi_risk.cohort.index_dates import Role
    from vi_risk.features.catalogue import Catalogue
    from vi_risk.models.snapshots import Snapshots

_RISK_STRATIFICATION = ("risk_stratification",)


def objectors(snapshots: "Snapshots", role: "Role" = "list") -> frozenset[str]:
    """Return who objects to risk stratification at the date of the list.

    Of everyone in the records where the snapshots have particulars, and of everyone eligible in the role whose
    features say so at their own index date, scored or not.
    """
    told = snapshots.some(role, _objection_features(snapshots.catalogue))
    found = {*snapshots.people(role).loc[(told > 0).any(axis=1).to_numpy(), "patient_id"]}
    if snapshots.particulars is not None:
        found |= {*snapshots.particulars.objectors["patient_id"]}
    return frozenset(found)


def _objection_features(catalogue: "Catalogue") -> list[str]:
    return [
        feature.name
        for feature in catalogue.features
        if feature.definition.table == "objections" and feature.definition.where.get("kind") == _RISK_STRATIFICATION
    ]
