"""Write docs/reference/commands.md from the command line itself; with --check, say whether the page is stale.

The text is typer's own (`typer utils docs`): what `--help` says. Taken off is what a page does not need: `--help`,
the shortened list of commands, and the call without its options; each command closes with the example of its help.
"""

import html
import re
import sys
from pathlib import Path

from typer.cli import app as typer_itself
from typer.testing import CliRunner

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "commands.md"
_HEAD = """\
# Commands

Each command as `vi-risk COMMAND --help` tells it. This page is written from the command line itself by `make docs`, and
`make check` fails where the two differ. [Exit codes](../operations.md#exit-codes) and
[the log](../operations.md#the-log) are the same for all of them.
"""


def command_page() -> str:
    """Return every command of `vi-risk` as one page of Markdown, in the order of its help."""
    told = CliRunner().invoke(
        typer_itself, ["vi_risk.cli", "utils", "docs", "--name", "vi-risk"], catch_exceptions=False
    )
    if told.exit_code != 0:
        msg = f"typer utils docs ended with {told.exit_code}. A new version of typer tells of commands otherwise."
        raise RuntimeError(msg)
    text = html.unescape(told.stdout)
    text = text.partition("\n")[2]  # its own title
    text = re.sub(r"\*\*Usage\*\*:\n\n```console\n\$ (.*)\n```\n", r"`\1`\n", text)
    text = re.sub(r"\*\*Commands\*\*:\n\n(?:\* .*\n)+\n", "", text)
    text = re.sub(r"^\* `--help`: .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\*\*(Options|Arguments)\*\*:\n\n(?!\*)", "", text)
    text = re.sub(r"^\* (`[^`]+`): ", r"- \1: ", text, flags=re.MULTILINE)
    text = text.replace("[bold]Example[/bold]", "**Example**").replace("  [", " [")
    # A command of a command (`vi-risk key new`) is told as one of its own.
    text = re.sub(r"^### ", "## ", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", f"{_HEAD}\n{text}").rstrip() + "\n"


def main(arguments: list[str], page: Path = PAGE) -> int:
    """Write the page, or compare it; 1 where it is stale."""
    current = command_page()
    if "--check" not in arguments:
        page.write_text(current, encoding="utf-8", newline="\n")
        return 0
    if page.is_file() and page.read_text(encoding="utf-8") == current:
        return 0
    sys.stderr.write(f"docs/reference/{page.name} is not what vi-risk --help says now. Run make docs.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
