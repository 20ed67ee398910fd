"""Make .venv-lowest: each library that vi_risk or an extra needs at its lowest version, the tools of tests at any.

``python -m tools.lowest`` makes it and prints those versions; ``make test-lowest`` then runs the tests in it. A bound
that is too low shows there. It needs uv, which alone resolves so, and a package index.
"""

import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

from tools.lock import ROOT, locked_requirements, without_constraints

ENVIRONMENT = ROOT / ".venv-lowest"
LEFT_OUT = "spark"  # large, and for few
COMPILE = ("uv", "pip", "compile", "--quiet", "--python-version", "3.11", "--no-header", "--no-annotate")


def lowest(project_text: str, folder: Path) -> Path:
    """Return a file of all that the tests need, with the project's direct dependencies at their lowest versions.

    Raises
    ------
    subprocess.CalledProcessError
        No versions fit together; uv has said why.
    """
    # Without the constraints of the lock, which would hold every version where it is.
    project = folder / "pyproject.toml"
    project.write_text(without_constraints(project_text), encoding="utf-8")
    offered = tomllib.loads(project_text)["project"]["optional-dependencies"]
    extras = [word for extra in offered if extra != LEFT_OUT for word in ("--extra", extra)]
    direct, everything = folder / "direct.txt", folder / "everything.txt"
    # uv reads its settings in the folder where it stands: those of the checkout hold the lock.
    _run([*COMPILE, str(project), *extras, "--resolution", "lowest-direct", "--output-file", str(direct)], folder)
    dev = ("--group", f"{project}:dev")
    _run([*COMPILE, str(project), *extras, *dev, "-c", str(direct), "--output-file", str(everything)], folder)
    return everything


def main() -> int:
    """Make the environment anew and print the versions of the direct dependencies in it."""
    python = ENVIRONMENT / "bin" / "python"
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = lowest((ROOT / "pyproject.toml").read_text(encoding="utf-8"), Path(folder))
            if not python.exists():
                _run(["uv", "venv", "--quiet", "--python", sys.executable, str(ENVIRONMENT)])
            _run(["uv", "pip", "sync", "--quiet", "--python", str(python), str(found)])
            _run(["uv", "pip", "install", "--quiet", "--python", str(python), "--no-deps", "--editable", str(ROOT)])
            print("\n".join(locked_requirements(found.read_text(encoding="utf-8"))))
    except (OSError, subprocess.CalledProcessError) as fault:
        sys.stderr.write(f"lowest: {fault}. It needs uv and a package index that it can reach.\n")
        return 1
    return 0


def _run(command: Sequence[str], folder: Path = ROOT) -> None:
    subprocess.run(command, cwd=folder, check=True)


if __name__ == "__main__":
    sys.exit(main())
