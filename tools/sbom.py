"""Write build/sbom.json: every library of the environment, with version, licence and what it needs (CycloneDX 1.6).

Nothing is asked of any network, and the same environment gives the same bytes. What `vi-risk` and its extras run with
has the scope `required`; what only development needs (tests, checks, building) has the scope `excluded`. Checksums
stand in requirements.lock.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).resolve().parents[1]
SBOM = ROOT / "build" / "sbom.json"


def needed(bom: Mapping[str, Any]) -> set[str]:
    """Return the references of what the project needs, directly or by way of another library."""
    needs = {entry["ref"]: entry.get("dependsOn", []) for entry in bom["dependencies"]}
    waiting, found = [bom["metadata"]["component"]["bom-ref"]], set[str]()
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting += needs.get(here, [])
    return found


def with_scopes(bom: Mapping[str, Any]) -> dict[str, Any]:
    """Return the bill of materials with the scope of each library."""
    runs_with = needed(bom)
    components = [
        {**component, "scope": "required" if component["bom-ref"] in runs_with else "excluded"}
        for component in bom["components"]
    ]
    return {**bom, "components": components}


def main(out: Path = SBOM) -> None:
    """Write the file, checked against CycloneDX's own schema."""
    told = subprocess.run(
        [Path(sys.executable).with_name("cyclonedx-py"), "environment", sys.executable, "--pyproject",
         ROOT / "pyproject.toml", "--mc-type", "application", "--spec-version", "1.6", "--output-reproducible",
         "--no-validate"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    bom = with_scopes(json.loads(told.stdout))
    text = json.dumps(bom, indent=1, sort_keys=True) + "\n"
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault is not None:
        sys.exit(f"sbom: what cyclonedx-py wrote is not CycloneDX 1.6: {fault}")
    out.parent.mkdir(exist_ok=True)
    out.write_text(text, encoding="utf-8", newline="\n")
    required = sum(component["scope"] == "required" for component in bom["components"])
    print(f"sbom: {out.parent.name}/{out.name}: {len(bom['components'])} libraries, {required} that vi-risk runs with")


if __name__ == "__main__":
    main()
