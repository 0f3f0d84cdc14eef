"""Checks that compose.yaml can be read, and that the program takes the options that it is started with there.

usage: check_compose.py SOTTOVOCE

SOTTOVOCE  the program
"""

import pathlib
import re
import subprocess
import sys

import yaml


def main(program):
    path = pathlib.Path(__file__).parent.parent / "compose.yaml"
    services = yaml.safe_load(path.read_text())["services"]
    built = {name: service for name, service in services.items() if "build" in service}
    assert len(built) == 2, f"{sorted(built)} are built here, expected two replicas"
    for name, service in built.items():
        # Options before --help are read, and nothing is started.
        read = subprocess.run([program, *service["command"], "--help"], capture_output=True, text=True)
        assert read.returncode == 0, f"{name}: {read.stderr}"
        for variable in service["environment"]:
            assert variable in read.stdout, f"{name}: {variable} is not read"
    deployment = (path.parent / "docs/deployment.md").read_text()
    for variable in sorted(set(re.findall(r"\$\{(\w+)", path.read_text()))):
        assert f"{variable}=" in deployment, f"docs/deployment.md does not say how {variable} is set"
    print(f"compose.yaml: good, {len(services)} services")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
