#!/usr/bin/env python3
"""Renews the output in README.md: update_readme.py [--check] [SHARED]

Behind a line `<!-- output: COMMAND -->` stands a code block; its lines behind the first (what a user
types) become the output of COMMAND, a shell command run in the top folder, with build/release on the
path and SHARED (default ../shared) for ../shared. --check changes nothing and fails on a difference."""
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(<!-- output: (.*?) -->\n\n    \$ [^\n]*\n)((?:    [^\n]*\n|\n(?=    ))*)")


def output(command, shared):
    env = dict(os.environ, PATH=f"{ROOT}/build/release:{os.environ['PATH']}")
    result = subprocess.run(command.replace("../shared", shared), shell=True, cwd=ROOT, env=env, check=True,
                            stdout=subprocess.PIPE, text=True)
    lines = result.stdout.replace(shared, "../shared").rstrip("\n").split("\n")
    return "".join(f"    {line}\n" if line else "\n" for line in lines)


def main(arguments):
    check = "--check" in arguments
    shared = next((a for a in arguments if not a.startswith("--")), "../shared")
    file = ROOT / "README.md"
    old = file.read_text()
    new = BLOCK.sub(lambda m: m.group(1) + output(m.group(2), shared), old)
    if new == old:
        return 0
    if check:
        print("README.md: its output is old; run scripts/update_readme.py", file=sys.stderr)
        return 1
    file.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
