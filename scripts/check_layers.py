#!/usr/bin/env python3
"""Fails on any include that breaks the order of the folders (docs/architecture.md, "Layers")."""
import pathlib
import re
import sys

ALLOWED = {
    "core": set(),
    "models": {"core"},
    "hw": {"core"},
    "sim": {"core", "models", "hw"},
    "validation": {"core", "models", "hw", "sim"},
    "profiler": {"core", "models", "hw", "sim"},
    "estimator": {"core", "models", "hw", "sim"},
    "search": {"core", "models", "hw", "sim"},
    "cli": {"core", "models", "hw", "sim", "validation", "profiler", "estimator", "search"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def problems(root):
    for folder, allowed in ALLOWED.items():
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".h", ".cc"):
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                place = f"{path.relative_to(root)}:{number}"
                target = match.group(2)
                top = target.split("/")[0]
                if match.group(1) == '"' and top in ALLOWED and top not in allowed | {folder}:
                    yield f"{place}: {folder}/ may not include {target}"
                in_sc = path.relative_to(root).parts[:2] == ("hw", "sc")
                # The one exception: a program that links libsystemc has to define sc_main.
                is_main = path.relative_to(root).as_posix() == "cli/main.cc"
                if re.match(r"(systemc|tlm)(\.h|$|_)", target) and not in_sc and not is_main:
                    yield f"{place}: SystemC headers belong to hw/sc/ only"
                if target.startswith("hw/sc/") and folder != "hw":
                    yield f"{place}: the headers of hw/sc/ are private to hw/"


if __name__ == "__main__":
    found = list(problems(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
    print("\n".join(found) if found else "layers: in order")
    sys.exit(1 if found else 0)
