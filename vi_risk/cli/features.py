"""`vi-risk features`: the declared features listed, described and written as a page, and built from records."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vi_risk.cli.asked import (
    DEFAULT_MODEL,
    catalogue_of,
    check_engine,
    check_places,
    governance_of,
    held_to,
    previous_of,
    records_of,
    records_on_spark,
    source_of,
)
from vi_risk.cli.flags import (
    CacheFlag,
    EngineFlag,
    FeaturesFlag,
    GovernanceFlag,
    IndexDateFlag,
    MappingFlag,
    MemoryFlag,
    ModelFlag,
    PreviousFlag,
    RecordsFlag,
    ReviewsFlag,
    SeedFlag,
    SpillFlag,
    StageOutFlag,
)
from vi_risk.cli.told import example, told
from vi_risk.errors import ResourceError, UsageError

if TYPE_CHECKING:
    from vi_risk.features.catalogue import Catalogue

features_app = typer.Typer(help="Look up what features are declared, or build them from records.", no_args_is_help=True)


@features_app.command(
    "build", epilog=example("vi-risk features build --records extracts --index-date 2025-04-01 --out out")
)
def features_build(
    records: RecordsFlag,
    index_date: IndexDateFlag,
    mapping: MappingFlag = "canonical",
    model: ModelFlag = DEFAULT_MODEL,
    out: StageOutFlag = Path("out"),
    features: FeaturesFlag = None,
    governance: GovernanceFlag = None,
    cache: CacheFlag = None,
    engine: EngineFlag = "embedded",
    previous: PreviousFlag = None,
    reviews: ReviewsFlag = None,
    memory_limit: MemoryFlag = None,
    spill: SpillFlag = None,
    seed: SeedFlag = None,
) -> None:
    """Check the records, fix index dates, build cohort and features; writes features.parquet and cohort.parquet."""
    with told(3) as told_to, held_to(memory_limit, spill, told_to) as report:
        from vi_risk import stages
        from vi_risk.features.cache import check_cache
        from vi_risk.models.spec import load_spec
        from vi_risk.running.files import replaced
        from vi_risk.running.run_file import OWNED

        check_places(records, out, reviews)
        check_cache(cache, out=out)
        check_engine(engine, mapping, cache, reviews)
        permitted = governance_of(governance)
        _check_not_out(previous, out)
        spec = load_spec(model).with_seed(seed)
        request = stages.FeatureRequest(
            spec,
            index_date,
            source_of(records, mapping, permitted, reviews),
            catalogue=catalogue_of(features, permitted),
            cache=cache,
            previous=previous_of(previous, index_date, model=spec.name),
        )
        found = (
            records_on_spark(records, report, governance=permitted, features=features)
            if engine == "spark"
            else records_of(
                records,
                mapping,
                report,
                governance=permitted,
                features=features,
                reviews=reviews,
            )
        )
        with replaced(out, keep=True, owned=OWNED) as folder:
            checked = stages.check(folder, found, report)
            stages.build_features(folder, found, request, checked, report)


@features_app.command("list", epilog=example("vi-risk features list | grep admission"))
def features_list(features: FeaturesFlag = None, governance: GovernanceFlag = None) -> None:
    """Print the declared features, one a line: name, domain, what it is; those that are off say why."""
    with told():
        from vi_risk.feature_pages import list_lines

        print("\n".join(list_lines(*_declared(features, governance))))


@features_app.command("describe", epilog=example("vi-risk features describe emergency_admissions"))
def features_describe(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A definition, or one of its features, as `features list` has it.")
    ],
    features: FeaturesFlag = None,
    governance: GovernanceFlag = None,
) -> None:
    """Say what a feature means: what it counts, of which rows, how far back, in which sentences, and where declared."""
    with told():
        from vi_risk.feature_pages import describe

        print("\n".join(describe(name, *_declared(features, governance), folders=features or ())))


@features_app.command("catalogue", epilog=example("vi-risk features catalogue --out features.md"))
def features_catalogue(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the page there.", show_default="print it")
    ] = None,
    features: FeaturesFlag = None,
    governance: GovernanceFlag = None,
) -> None:
    """Write every declared feature as one page (Markdown), by domain, with the code lists that they read."""
    with told():
        from vi_risk.feature_pages import catalogue_page

        page = catalogue_page(*_declared(features, governance), folders=features or ())
        if out is None:
            print(page, end="")
        else:
            _write(out, page)


def _check_not_out(previous: str | None, out: Path) -> None:
    """Refuse to build where the list before lies: the stage takes the lists away that it is to be compared with."""
    if previous is not None and Path(previous).is_dir() and Path(previous).resolve() == out.resolve():
        msg = (
            f"--previous {previous}: is the folder of --out, whose lists go when its features are built anew. Name"
            " another folder with --out, and keep this one."
        )
        raise UsageError(msg)


def _declared(folders: list[Path] | None, governance: Path | None) -> tuple["Catalogue", "Catalogue"]:
    """Return the features as governance allows them, and as they would be with every sensitive group."""
    from vi_risk.features.catalogue import read_catalogue

    allowed = catalogue_of(folders, governance_of(governance))
    return allowed, read_catalogue(*(folders or ()), sensitive=tuple(allowed.sensitive))


def _write(path: Path, page: str) -> None:
    try:
        path.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        msg = f"--out {path}: cannot be written ({error.strerror}). Name a file in a folder that is there."
        raise ResourceError(msg) from None
