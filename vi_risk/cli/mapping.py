"""`vi-risk mapping check` and `mapping export`: how a site's files become the canonical tables."""

from pathlib import Path
from typing import Annotated

import typer

from vi_risk.cli.asked import check_places, governance_of, records_of, shown
from vi_risk.cli.flags import GovernanceFlag, RecordsFlag
from vi_risk.cli.told import example, told
from vi_risk.errors import InputError

mapping_app = typer.Typer(help="Look at how a site's files become the canonical tables.", no_args_is_help=True)


@mapping_app.command("check", epilog=example("vi-risk mapping check mapping.toml --records extracts"))
def mapping_check(
    mapping: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A shipped mapping or a TOML file.")],
    records: RecordsFlag,
) -> None:
    """Say what of the records maps and what does not, and how many rows each rule drops; nothing of any record."""
    with told() as report:
        from vi_risk.records.mapping_check import check_mapping

        report.stage(f"Check the mapping against {shown(records)}")
        found = check_mapping(records, mapping, report=report.step)
        print("\n".join(found.lines()))
        if not found.fits:
            msg = "the mapping does not fit these records yet; what to mend stands above."
            raise InputError(msg)


@mapping_app.command("export", epilog=example("vi-risk mapping export mapping.toml --records extracts --out canonical"))
def mapping_export(
    mapping: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A shipped mapping or a TOML file.")],
    records: RecordsFlag,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for one Parquet file per table.")],
    governance: GovernanceFlag = None,
) -> None:
    """Write the canonical tables as Parquet files: what `features build --engine spark` and other tools read."""
    with told(1) as report:
        from vi_risk.records.synthetic.marker import MARKER_FILE, write_marker
        from vi_risk.records.tables import TABLES
        from vi_risk.running.files import replaced

        check_places(records, out)
        found = records_of(records, mapping, report, governance=governance_of(governance))
        names = {name: f"{name}.parquet" for name in TABLES}
        with replaced(out, keep=False, owned=(*names.values(), MARKER_FILE)) as folder:
            files = {name: folder / names[name] for name in found.tables}
            found.write_parquet(files)
            if found.permission.nobodys:
                write_marker(folder, files.values())
        report.step(f"{len(found.tables)} tables in {out}")
