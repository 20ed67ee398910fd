"""What of the guide no test runs and why, and what makes the rest small enough to be run."""

from tests.end_to_end.guide_blocks import Block

# Page and first line -> why no test here runs it. A line that no page has any more fails, and so does one too few.
NOT_RUN = {
    ("README.md", "make demo"): "needs make; `vi-risk demo`, which it calls, is run",
    ("README.md", "make test"): "this is it",
    ("README.md", "uv run vi-risk demo"): "needs uv and a network; `vi-risk demo` is run",
    ("README.md", ".venv/bin/mlflow ui --backend-store-uri sqlite:///mlruns/mlflow.db"): "serves until it is stopped",
    ("docs/quick-start.md", "make demo"): "needs make; `vi-risk demo`, which it calls, is run",
    ("docs/operations.md", "chgrp team out; chmod 750 out"): "needs a group of users",
    (
        "docs/scale.md",
        "PYTHONPATH=.spark vi-risk features build --engine spark --records canonical --index-date 2025-04-01 --out out",
    ): "needs Spark: tests/end_to_end/test_spark.py",
    ("docs/scale.md", "import mlflow"): "needs Spark: tests/end_to_end/test_spark.py",
    (
        "docs/examples/clinosim/README.md",
        (
            "vi-risk run --records clinosim_us3000 --mapping clinosim --governance"
            " docs/examples/governance/clinosim.toml --index-date 2024-01-01 --out out"
        ),
    ): "needs other people's records: tests/end_to_end/test_third_party.py",
    (
        "docs/identity.md",
        (
            "vi-risk key rotate --key old.key --new new.key --links links --records records"
            " --reviews reviews.parquet --out rotated"
        ),
    ): "names of its own: tests/end_to_end/test_identity.py",
    **{
        ("docs/reference/commands.md", command): "run as in docs/identity.md, where its extracts are"
        for command in (
            (
                "vi-risk key rotate --key old.key --new new.key --links links --records pseudonymised"
                " --reviews reviews.parquet --out rotated"
            ),
            (
                "vi-risk pseudonymise --records extracts --mapping mapping.toml --key ~/.config/vi_risk/2026.key"
                " --links ~/.config/vi_risk/links --out pseudonymised"
            ),
            "vi-risk reidentify out/case_lists/M92001.html --practice M92001 --purpose 'MDT of 11 November'",
            "vi-risk audit verify reidentified.log --links ~/.config/vi_risk/links",
        )
    },
}
# Blocks of text that are drawn or told, and follow from no command of the page: compared with nothing.
DRAWN = {
    ("docs/concepts.md", "training dates     |-- outcome -->|"),
    ("docs/how-to/networks.md", "out/case_lists/network-<name>.html"),
    ("docs/governance.md", "system,code,group,sensitive"),  # a code list: tests/unit/governance
    ("docs/leaks.md", "logs/run.log: name or address, 1 time"),
    ("docs/examples/clinosim/README.md", "Read the records in clinosim_us3000"),
    ("README.md", "Train the model"),  # its figures are compared below, with those of the whole demo
}
# What makes a command or snippet small, or names what the folder of the tests has under another name.
SMALLER = (
    (r"^\.venv/bin/", ""),
    (r"\brun \.\.\.", "run --records extracts --mapping mapping.toml --index-date 2025-04-01 --out out"),
    (
        r"^((?:\w+=\w+ )?vi-risk (?:--log \S+ )?(?:run|replay|features build) (?!.*--model)[^|>]*)",
        r"\1 --model small.toml ",
    ),
    (
        r"^(vi-risk (?:features build|monitor|replay|impact) --records extracts) (?!--mapping)",
        r"\1 --mapping mapping.toml ",
    ),
    (r"--spill DIR", "--spill spill"),
    (r"--trials 30", "--trials 2"),
    (r"--from \S+ --to \S+ --every 3m", "--from 2024-01-01 --to 2024-04-01 --every 3m"),
    (r"synth --patients \d+", "synth --patients 1000"),
    (r"--index-date (?:2025-11-01)", "--index-date 2025-04-01"),
    (r"Z0000(\d)", r"M9200\1"),
    (r"/srv/audit", "audit"),
    (r"--identifiers extracts/PMI.csv", "--identifiers identified/PMI.csv"),
    (r"~/", "home/"),
    (r'read_records\("extracts", governance', 'read_records("trust", governance'),
    (r'load_spec\("emergency_admission_12m"\)', 'load_spec("small.toml")'),
)
# How a command may end beside 0, and why.
ENDS = {
    "vi-risk promote": {7: "so small a model is not always better than the champion"},
    "vi-risk recalibrate": {3: "a model is not set right on the rows that it was trained on; own-model.md has others"},
    "vi-risk rollback": {2: "one model alone has been champion; tests/end_to_end/test_champion.py has two"},
    "vi-risk impact": {3: "three practices that joined are too few; tests/end_to_end/test_impact.py has enough"},
    "vi-risk leaks": {8: "it looks for identifiers, and the synthetic trust has figures like them"},
}
IDENTIFIED = {"docs/identity.md"}
# Each block of it stands alone, and finds the finished run that it asks for.
APART = {"docs/reference/commands.md"}
# What a page tells to write without a file's name in the block.
WRITTEN = {("docs/mappings.md", 'name = "wolverhampton"                       # yours to choose'): "mapping.toml"}


def not_run(block: Block) -> set[str]:
    """The parts of a block that stand in the table: commands, or the first line of other blocks."""
    return {each for each in block.parts if (block.page, each) in NOT_RUN}
