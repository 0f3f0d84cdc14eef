"""Builds the wheel: the Python files, and the library that cargo makes of crates/ffi.

The library is loaded with ctypes, so one wheel serves every Python 3 of a platform.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

REPOSITORY = Path(__file__).resolve().parents[2]


def build_library() -> Path:
    """Where the library is, after cargo has made it with the release profile."""
    # With the program, because features of dependencies follow from what is built together: one build serves both.
    packages = ["--package", "sottovoce-ffi", "--package", "sottovoce-cli"]
    command = ["cargo", "build", "--release", "--locked", *packages, "--message-format", "json-render-diagnostics"]
    built = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, check=True, text=True)
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message["reason"] == "compiler-artifact" and message["target"]["name"] == "sottovoce_ffi":
            for name in map(Path, message["filenames"]):
                if name.suffix in (".so", ".dylib", ".dll"):
                    return name
    sys.exit("cargo made no library of crates/ffi")


class BuildWithLibrary(build_py):
    def run(self) -> None:
        super().run()
        library = build_library()
        copy = Path(self.build_lib) / "sottovoce" / library.name
        self.copy_file(str(library), str(copy))
        # The tables for stack traces are four times as large as the program.
        if sys.platform == "linux" and (strip := shutil.which("strip")):
            subprocess.run([strip, "--strip-debug", copy], check=True)


class PlatformWheel(bdist_wheel):
    def get_tag(self) -> tuple[str, str, str]:
        return "py3", "none", super().get_tag()[2]


class WithLibrary(Distribution):
    def has_ext_modules(self) -> bool:
        return True


setup(distclass=WithLibrary, cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": PlatformWheel})
