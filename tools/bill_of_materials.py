#!/usr/bin/env python3
"""What the program is made of: crates, and the npm packages in its page.

    bill_of_materials.py check                 fails on a licence or a source that deny.toml does not allow
    bill_of_materials.py sbom [TARGET]         a CycloneDX document, on standard output
    bill_of_materials.py licences [TARGET]     every licence with its text, on standard output

TARGET is a triple such as aarch64-unknown-linux-gnu; without it, crates for every platform count. Needs Python 3.11 and cargo.
"""

import base64
import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = "sottovoce-cli"
PAGE = ROOT / "crates/server/web"
TEXTS = re.compile(r"^(licen[cs]e|copying|copyright|notice|unlicense)", re.IGNORECASE)


@dataclass
class Component:
    ecosystem: str
    name: str
    version: str
    licence: str | None
    source: str | None
    folder: Path | None = None
    hash: tuple[str, str] | None = None
    needs: list[str] = field(default_factory=list)

    @property
    def purl(self):
        """Package URL, the identifier that SBOM tools know."""
        return f"pkg:{self.ecosystem}/{quote(self.name, safe='/')}@{self.version}"


def crates(target):
    """The program and the crates that it is built from, by cargo's identifiers. Crates for tests alone are left out."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    command += ["--filter-platform", target] if target else []
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    sums = {(entry["name"], entry["version"]): entry["checksum"] for entry in lock if "checksum" in entry}
    packages = {package["id"]: package for package in metadata["packages"]}
    edges = {
        node["id"]: [dep["pkg"] for dep in node["deps"] if any(kind["kind"] != "dev" for kind in dep["dep_kinds"])]
        for node in metadata["resolve"]["nodes"]
    }
    pending = [id for id, package in packages.items() if package["name"] == PROGRAM]
    found = {}
    while pending:
        id = pending.pop()
        if id in found:
            continue
        package = packages[id]
        name, version = package["name"], package["version"]
        digest = sums.get((name, version))
        found[id] = Component(
            "cargo",
            name,
            version,
            package["license"],
            package["source"],
            Path(package["manifest_path"]).parent,
            digest and ("SHA-256", digest),
            edges[id],
        )
        pending += edges[id]
    return found


def page():
    """The npm packages that are built into the page."""
    lock = json.loads((PAGE / "package-lock.json").read_text())["packages"]
    found = {}
    for path, entry in lock.items():
        if not path or entry.get("dev"):
            continue
        algorithm, digest = entry["integrity"].split("-", 1)
        digest = (algorithm.upper().replace("SHA", "SHA-"), base64.b64decode(digest).hex())
        # Without a place of its own, a package comes from the registry.
        source = entry.get("resolved", "registry")
        name = path.removeprefix("node_modules/")
        found[path] = Component("npm", name, entry["version"], entry.get("license"), source, None, digest)
    return found


def allowed(expression, allow):
    """Whether an SPDX expression can be met with licences of the list; `MIT/Apache-2.0` is the old spelling of OR.

    >>> [allowed(text, {"MIT", "ISC"}) for text in ["MIT", "GPL-3.0", "GPL-3.0/MIT", "ISC AND (GPL-3.0 OR MIT)"]]
    [True, False, True, True]
    >>> [allowed(text, {"MIT", "ISC"}) for text in ["MIT AND GPL-3.0", "GPL-3.0 OR MIT AND GPL-2.0", "MIT WITH exception"]]
    [False, False, False]
    """
    tokens = re.findall(r"[()]|[^\s()]+(?:\s+WITH\s+[^\s()]+)?", expression.replace("/", " OR "))

    def either():
        value = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            value = both() or value
        return value

    def both():
        value = single()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            value = single() and value
        return value

    def single():
        token = tokens.pop(0)
        if token != "(":
            return token in allow
        value = either()
        tokens.pop(0)
        return value

    return either() and not tokens


def check():
    rules = tomllib.loads((ROOT / "deny.toml").read_text())
    allow = set(rules["licenses"]["allow"])
    components = [*crates(None).values(), *page().values()]
    foreign = [component for component in components if component.source]
    faults = []
    for component in foreign:
        if not component.licence or not allowed(component.licence, allow):
            faults.append(f"{component.purl}: licence {component.licence} is not allowed by deny.toml")
    registries = Counter(component.source for component in foreign if component.ecosystem == "cargo")
    usual = registries.most_common(1)[0][0]
    for component in foreign:
        if component.ecosystem == "cargo" and component.source != usual or component.source.startswith("git"):
            faults.append(f"{component.purl}: comes from {component.source}, not from the registry of the others")
    versions = Counter(component.name for component in foreign if component.ecosystem == "cargo")
    twice = [f"{name} ({count})" for name, count in sorted(versions.items()) if count > 1]
    print(f"{len(foreign)} components, licences and sources as deny.toml allows" if not faults else "\n".join(faults))
    print(f"in several versions: {', '.join(twice) or 'none'}")
    return 1 if faults else 0


def sbom(target):
    parts = crates(target)
    program = next(component for component in parts.values() if component.name == PROGRAM)
    server = next(component for component in parts.values() if component.name == "sottovoce-server")
    npm = page()
    components = []
    for component in [*parts.values(), *npm.values()]:
        entry = {"type": "library", "bom-ref": component.purl, "name": component.name, "version": component.version}
        entry["purl"] = component.purl
        if component.licence:
            entry["licenses"] = [{"expression": component.licence.replace("/", " OR ")}]
        if component.hash:
            entry["hashes"] = [{"alg": component.hash[0], "content": component.hash[1]}]
        components.append(entry)
    edges = {component.purl: {parts[id].purl for id in component.needs} for component in parts.values()}
    edges[server.purl] |= {component.purl for component in npm.values()}
    whole = next(entry for entry in components if entry["purl"] == program.purl) | {"type": "application"}
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": whole},
        "components": sorted(
            (entry for entry in components if entry["purl"] != program.purl), key=lambda entry: entry["purl"]
        ),
        "dependencies": [{"ref": ref, "dependsOn": sorted(edges[ref])} for ref in sorted(edges)],
    }
    print(json.dumps(document, indent=1))
    return 0


def licences(target):
    print("Third-party software in sottovoce. Where a licence is a choice, the first one that suits you holds.\n")
    by_text = {}
    foreign = sorted((part for part in crates(target).values() if part.source), key=lambda part: part.purl)
    for component in foreign:
        print(f"{component.name} {component.version}: {component.licence}")
        for file in sorted(component.folder.iterdir()):
            if file.is_file() and TEXTS.match(file.name):
                text = file.read_text(errors="replace").strip()
                by_text.setdefault(text, []).append(f"{component.name} {component.version}")
    for component in page().values():
        print(f"{component.name} {component.version}: {component.licence} (in the web page)")
    for text, names in by_text.items():
        print(f"\n{'=' * 80}\n{', '.join(dict.fromkeys(names))}\n{'-' * 80}\n{text}")
    built = next((PAGE / "dist/assets").glob("licences-*.txt"))
    print(f"\n{'=' * 80}\nPackages in the web page\n{'-' * 80}\n{built.read_text().strip()}")
    return 0


def main():
    match sys.argv[1:]:
        case ["check"]:
            return check()
        case ["sbom", *target] if len(target) < 2:
            return sbom(*target or [None])
        case ["licences", *target] if len(target) < 2:
            return licences(*target or [None])
    print(__doc__.strip(), file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
