"""Lists made of who was scored: packs for each practice and network, and the page of pathways."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from vi_risk.caselists.choosing.rules import CaseListRules
from vi_risk.caselists.choosing.standing import OBJECTION
from vi_risk.caselists.listing import Before, Listing
from vi_risk.caselists.packs.pathway_page import pathway_page
from vi_risk.caselists.packs.pdf_pack import pdf_packs
from vi_risk.caselists.packs.writing import PATHWAYS_PAGE, write_packs
from vi_risk.caselists.ranking import doubts_of_rules, practices_with_nobody
from vi_risk.errors import InputError, ResourceError
from vi_risk.evidence import rule_of
from vi_risk.features.catalogue import Catalogue
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.governance.told import beside_a_list, not_shown, refuse_use
from vi_risk.models.learning import bundle
from vi_risk.models.snapshots import Snapshots
from vi_risk.reasons.prompts import Prompt, read_prompts
from vi_risk.registry.model_choice import place_of_model
from vi_risk.running.files import remove
from vi_risk.running.progress import Report
from vi_risk.running.run_file import (
    LISTED_BEFORE,
    LISTS_FOLDER,
    MODEL_FOLDER,
    SCORES_BEFORE,
    SCORES_FILE,
    SCORES_IN_REFITS,
    TIE_BAND_FILE,
    read_run,
    update_run,
)
from vi_risk.stages.finished import model_in, scored, spec_and_snapshots


def case_lists(
    folder: Path,
    rules: CaseListRules,
    capacity: int,
    report: Report,
    *,
    prompts: Sequence[Prompt] | None = None,
    pdf: bool = False,
) -> None:
    """Choose who is listed, explain them and write the packs; beside them the page of pathways.

    `prompts` are the rules of who might help, None those shipped; with `pdf` each page is printed to a file as well.
    """
    report.stage("Explain and write the case lists")
    spec, snapshots = spec_and_snapshots(folder)
    place = place_of_model(folder)
    read_run(place, needs="evaluation", command="evaluate")  # nobody works from a list whose model was not evaluated
    if spec.counts:  # places on a list go by chances, whose bands a team knows
        report.step(f"none: {spec.name} tells expected numbers, which stand in {SCORES_FILE}")
        update_run(folder, "case_lists", {"capacity": capacity, "lists": {}, "files": []})
        return
    model, run = model_in(place)
    records = read_run(folder, needs="scores", command="score")["records"]
    refuse_use(records.get("permission"), of="lists")
    rule = rule_of({"records": records})
    rules = permitted_rules(rules, records, snapshots.catalogue)
    listing = Listing(
        spec=spec,
        model=model,
        rules=rules,
        capacity=capacity,
        prompts=read_prompts(catalogue=snapshots.catalogue) if prompts is None else prompts,
        model_version=run["model"]["version"],
        governance=beside_a_list(records["governance"], records.get("permission")),
        permission=records.get("permission"),
    )
    has_refits = (place / MODEL_FOLDER / bundle.REFITS_FOLDER).exists()
    lists = listing.lists(
        scored(folder, SCORES_FILE),
        snapshots,
        in_refits=scored(folder, SCORES_IN_REFITS).set_index("patient_id") if has_refits else None,
        before=None if snapshots.index_dates.previous is None else _before(folder),
    )
    made = lists.of_practices
    for doubt in doubts_of_rules(made, snapshots, rules, capacity=capacity):
        report.warn(doubt)
    remove(folder / LISTS_FOLDER)
    packs = write_packs(made, folder / LISTS_FOLDER, rules=rules, before=lists.before, networks=lists.networks)
    if pdf:
        pages = [path for path in packs if path.suffix == ".html"]
        try:
            packs += pdf_packs(pages, index_date=snapshots.index_dates.list_date)
        except ResourceError as error:
            report.warn(str(error))
    _keep_lot(lists.lot, folder)
    if lists.lot is not None:
        report.step(
            f"{int(lists.lot['drawn'].sum()):,} places given by lot among {len(lists.lot):,} people at the line"
        )
    without = listing.practices_without(snapshots)
    nobody = practices_with_nobody(made, snapshots, without)
    packs += _pathways(folder, snapshots, without, nobody, rule)
    listed = sum(len(case_list.table) for case_list in made)
    report.rows(listed)
    report.step(f"{listed:,} people on {len(made):,} list{'' if len(made) == 1 else 's'}")
    kept_off = Counter[str]()
    for case_list in made:
        kept_off.update(case_list.excluded_counts)
    for words, number in kept_off.items():
        told = rule.unless_small(number) if words == OBJECTION else f"{number:,}"
        report.step(f"not on the lists, {words}: {told}")
    if without:
        report.step(f"no list for {_practices(without)} outside the trust, {sum(without.values()):,} people")
    if nobody:
        report.step(f"no list for {_practices(nobody)} without anybody who could be listed")
    part = {
        "capacity": capacity,
        "lists": {case_list.practice_code: len(case_list.table) for case_list in made},
        "kept_off": dict(kept_off),
        "practices_without_list": without,
        "practices_with_nobody": list(nobody),
        "files": [path.name for path in packs],
    }
    if lists.lot is not None:
        part["tie_band"] = asdict(rules.places.tie_band)  # who was in it stands in its own file, for the team alone
    update_run(folder, "case_lists", part)


def _keep_lot(lot: pd.DataFrame | None, folder: Path) -> None:
    """Keep who was in the lot, private as the whole folder is; without one, take away that of an earlier run."""
    remove(folder / TIE_BAND_FILE)
    if lot is not None:
        lot.to_parquet(folder / TIE_BAND_FILE, index=False, compression="zstd")


def permitted_rules(rules: CaseListRules, records: Mapping[str, Any], catalogue: Catalogue) -> CaseListRules:
    """Return the rules as governance has them: lists for practices outside the trust, sensitive groups not named.

    Parameters
    ----------
    records
        What run.json says of the records and their permission.
    """
    hidden = not_shown(records.get("permission"), catalogue.codelists.values())
    return rules.with_outside(records.get("practices_outside", ())).with_hidden(hidden)


def _before(folder: Path) -> Before:
    path = folder / LISTED_BEFORE
    if not path.exists():
        return Before(scores=scored(folder, SCORES_BEFORE))
    try:
        return Before(listed=pd.read_parquet(path))
    except (OSError, ValueError):
        msg = f"{LISTED_BEFORE}: is damaged. Run `vi-risk features build` with the same --out and --previous again."
        raise InputError(msg) from None


def _practices(codes: Collection[str]) -> str:
    return f"{len(codes):,} practice{'' if len(codes) == 1 else 's'}"


def _pathways(
    folder: Path, snapshots: Snapshots, without: Collection[str], nobody: Collection[str], rule: Disclosure
) -> list[Path]:
    """Write the page of what happens around an emergency admission, where the records tell of it."""
    if snapshots.particulars is None or snapshots.particulars.pathways.empty:
        return []
    page = folder / LISTS_FOLDER / PATHWAYS_PAGE
    day = snapshots.index_dates.list_date
    pathways, practices = snapshots.particulars.pathways, snapshots.practices
    page.write_bytes(
        pathway_page(pathways, index_date=day, practices=practices, without=without, with_nobody=nobody, rule=rule)
    )
    return [page]
