#!/usr/bin/env python3
"""Renews the tables in docs/validation.md: update_validation.py [summary] [sensitivity]; both if none is named.

What stands between `<!-- table: NAME -->` and `<!-- end -->` becomes the output of the script of that name."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCRIPTS = {"summary": ("scripts/validate.sh", "    "), "sensitivity": ("scripts/sensitivity.py", "")}


def main(names):
    file = ROOT / "docs/validation.md"
    text = file.read_text()
    for name in names or SCRIPTS:
        script, indent = SCRIPTS[name]
        run = subprocess.run([ROOT / script], check=True, stdout=subprocess.PIPE, text=True)
        lines = "".join(f"{indent}{line}\n" if line else "\n" for line in run.stdout.rstrip("\n").split("\n"))
        text = re.sub(rf"(<!-- table: {name} -->\n).*?(<!-- end -->)", lambda m: f"{m[1]}\n{lines}\n{m[2]}", text,
                      flags=re.S)
    file.write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:])
