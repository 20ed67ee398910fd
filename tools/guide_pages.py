"""What MkDocs needs beside docs/ to build the guide (a hook, named in mkdocs.yml).

Some pages live where their reader looks for them, outside docs/: the grammar of features beside the features, that of
models beside the models. The guide shows them where they lie, so that there is one text of each. Links are written as
they hold in the repository; here they are made to hold in the guide. A link to a file that is no page, such as a test,
is shown as its words, with the path on hover: the guide is read where no repository is.
"""

import html
import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
DOCS = "docs/"
# Where a page lies -> where the guide has it.
ELSEWHERE = {
    "features/README.md": "reference/features.md",
    "models/README.md": "reference/models.md",
    "notebooks/README.md": "how-to/notebooks.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
# A folder -> the page that stands for it.
FOLDERS = {"docs/decisions": "decisions/index.md", "docs/safety": "safety/README.md"}
_PLACED = {placed: lies for lies, placed in ELSEWHERE.items()}
_LINK = re.compile(r"\[(?P<words>[^\[\]]*)\]\((?P<target>[^()\s:#]+)(?P<anchor>#[^()\s]*)?\)")
_DECISIONS = """\
# Decisions

A choice that changes who is listed, or that the next person would undo in good faith, has a page: context, choice,
consequence, evidence.

"""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put every decision there is under the heading of that name, in order."""
    for section in config.nav or ():
        if "Decisions" in section:
            section["Decisions"] = ["decisions/index.md", *(f"decisions/{page.name}" for page in decisions())]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that live elsewhere, and the list of decisions."""
    for lies, placed in ELSEWHERE.items():
        files.append(File.generated(config, placed, content=(ROOT / lies).read_text(encoding="utf-8")))
    listed = "".join(f"- [{title(page)}]({page.name})\n" for page in decisions())
    files.append(File.generated(config, "decisions/index.md", content=_DECISIONS + listed))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Return the text of a page with its links as they hold in the guide."""
    return guide_links(markdown, page.file.src_uri)


def guide_links(markdown: str, placed: str) -> str:
    """Return a page's text with links as they hold in the guide.

    Parameters
    ----------
    markdown
        The page as it stands in the repository.
    placed
        Where the guide has it, such as ``how-to/own-feature.md``.
    """
    lies_in = posixpath.dirname(_PLACED.get(placed, DOCS + placed))
    folder = posixpath.dirname(placed)

    def mended(link: re.Match[str]) -> str:
        words, target, anchor = link["words"], link["target"], link["anchor"] or ""
        lies = posixpath.normpath(posixpath.join(lies_in, target))
        inside = lies.removeprefix(DOCS) if lies.startswith(DOCS) else None
        there = FOLDERS.get(lies) or ELSEWHERE.get(lies) or inside
        if there is not None:
            return f"[{words}]({posixpath.relpath(there, folder or '.')}{anchor})"
        if not (ROOT / lies).exists():
            return link[0]  # MkDocs says that it leads nowhere
        return f'<span class="in-the-source" title="{html.escape(lies)}">{words}</span>'

    return _LINK.sub(mended, markdown)


def decisions() -> list[Path]:
    """Return the pages of the decisions, in the order in which they were taken."""
    return sorted((ROOT / DOCS / "decisions").glob("[0-9]*.md"))


def title(page: Path) -> str:
    """Return the heading of a page."""
    return page.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ").strip()
