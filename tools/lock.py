"""Choose the version of every library: requirements.lock for pip and uv, and the same as constraints in pyproject.toml.

``python -m tools.lock`` keeps the versions that stand unless pyproject.toml rules them out; ``--upgrade`` takes the
newest. requirements-spark.lock holds the extra `spark` alone, which is large and for few. Why there are two forms of
one decision, and no uv.lock: docs/decisions/0001-locked-versions.md.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BEGINS = "# Written by `make lock` from requirements.lock; do not edit."
COMPILE = (
    *("uv", "pip", "compile", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-emit-index-url", "--no-header", "--quiet"),
)
PROJECT_LOCK = ("pyproject.toml", "--group", "dev", "--output-file", "requirements.lock")
SPARK_LOCK = ("-", "--no-annotate", "--output-file", "requirements-spark.lock")


def locked_requirements(lock_text: str) -> list[str]:
    """Return the pinned requirements of a lock file, without hashes: ``name==version`` and its marker, if any."""
    return [line.rstrip(" \\") for line in lock_text.splitlines() if re.match(r"[A-Za-z0-9]", line)]


def without_constraints(project_text: str) -> str:
    """Return pyproject.toml without its written part, which is its end."""
    return project_text.partition(BEGINS)[0].rstrip() + "\n"


def with_constraints(project_text: str, requirements: list[str]) -> str:
    """Return pyproject.toml ending in these requirements, as constraints that uv obeys when it resolves."""
    lines = [f'  "{requirement}",' for requirement in requirements]
    table = "\n".join((BEGINS, "[tool.uv]", "constraint-dependencies = [", *lines, "]"))
    return f"{without_constraints(project_text)}\n{table}\n"


def main() -> int:
    """Write the locks and the constraints, or say why not where uv finds no versions that fit together."""
    project = ROOT / "pyproject.toml"
    before = project.read_text(encoding="utf-8")
    # The constraints would hold every version where it is, so uv must not see them while it chooses.
    project.write_text(without_constraints(before), encoding="utf-8")
    try:
        spark = "\n".join(tomllib.loads(before)["project"]["optional-dependencies"]["spark"])
        subprocess.run([*COMPILE, *SPARK_LOCK, *sys.argv[1:]], cwd=ROOT, check=True, input=spark, text=True)
        subprocess.run([*COMPILE, *PROJECT_LOCK, *sys.argv[1:]], cwd=ROOT, check=True)
    except (OSError, subprocess.CalledProcessError, KeyboardInterrupt) as fault:
        project.write_text(before, encoding="utf-8")
        needs = "It needs uv and a package index that it can reach."
        sys.stderr.write(f"lock: pyproject.toml is as it was: {fault}. {needs}\n")
        return 1
    lock_text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    project.write_text(with_constraints(before, locked_requirements(lock_text)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
