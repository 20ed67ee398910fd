"""Whole runs as processes of their own that begin at once: a process with the libraries loaded, forked for each run.

Loading the libraries takes a third of a small run, so that without this a third of all kills would hit nothing else.
Each run is a process that the system can kill, with its own working folder and its own folder for temporary files.

It reads one run a line from its standard input, {"arguments", "cwd", "told"}, and says of each its process, and when
that has ended by which status.
"""

import atexit
import importlib
import json
import os
import sys
from pathlib import Path

# What a run loads when it comes to it took another sixth of its time.
LOADED = (
    *("vi_risk.cli", "vi_risk.cli.memory_watch", "vi_risk.pipeline", "vi_risk.governance.reading", "vi_risk.tracking"),
    *("mlflow.pyfunc", "mlflow.store.tracking.sqlalchemy_store", "mlflow.store.model_registry.sqlalchemy_store"),
    *("alembic.command", "git", "pandera.ibis", "pyarrow.dataset", "shap"),
)


def main() -> None:
    """Fork a process for each run that is asked for, until nothing more is."""
    for name in LOADED:
        importlib.import_module(name)
    say("loaded")
    for line in sys.stdin:
        asked = json.loads(line)
        process = os.fork()
        if process == 0:
            run(asked["arguments"], cwd=Path(asked["cwd"]), told=Path(asked["told"]))
        say(process)
        _, status = os.waitpid(process, 0)
        say(os.waitstatus_to_exitcode(status))


def say(what: object) -> None:
    """Write a line that the test reads."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def run(arguments: list[str], *, cwd: Path, told: Path) -> None:
    """Do what `vi-risk` would with these arguments, and end the process."""
    import tempfile

    from vi_risk.cli import main as vi_risk

    code = 1
    try:
        os.chdir(cwd)
        tempfile.tempdir = str(cwd / "tmp")
        with told.open("w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        sys.argv = ["vi-risk", *arguments]
        try:
            vi_risk()
        except SystemExit as end:
            code = int(end.code or 0)
        atexit._run_exitfuncs()  # what a process that ends well does, and one that is killed does not
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
