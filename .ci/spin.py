"""Whether a component fits Spin and its manifest: spin.py WIT, where WIT is what `jco wit` prints of the component."""

import pathlib
import re
import sys
import tomllib

from checks import check, close

SPIN = pathlib.Path("deploy/spin")
NAME = r"([a-z0-9:-]+/[a-z0-9-]+)@([0-9.]+)"


def version(text):
    return tuple(int(part) for part in text.split("."))


def provided():
    lines = (SPIN / "provides.txt").read_text().splitlines()
    return {name: version(v) for line in lines if (m := re.fullmatch(NAME, line)) for name, v in [m.groups()]}


def serves(name, wanted, given):
    """A host of 0.2.x runs what asks for the same or an earlier 0.2."""
    return name in given and given[name][:2] == wanted[:2] and wanted <= given[name]


def main():
    world = pathlib.Path(sys.argv[1]).read_text().split("world root {")[1].split("\n}")[0]
    imports = [(name, version(v)) for name, v in re.findall(rf"import {NAME};", world)]
    exports = dict(re.findall(rf"export {NAME};", world))
    given = provided()
    checks = {f"import {name}@{'.'.join(map(str, v))}": serves(name, v, given) for name, v in imports}
    checks["all imports are seen"] = len(imports) == len(re.findall(r"^\s*import ", world, re.M)) > 0
    handler = exports.get("wasi:http/incoming-handler", "")
    checks[f"export wasi:http/incoming-handler@{handler}"] = handler.startswith("0.2.")

    manifest = tomllib.loads((SPIN / "spin.toml").read_text())
    checks["the manifest's version"] = manifest["spin_manifest_version"] == 2
    (trigger,) = manifest["trigger"]["http"]
    component = manifest["component"][trigger["component"]]
    checks["every path goes to the component"] = trigger["route"] == "/..."
    checks["the source is a file beside the manifest"] = pathlib.PurePath(component["source"]).name == component["source"]
    checks["nothing may be asked outside"] = component["allowed_outbound_hosts"] == []

    for what, holds in checks.items():
        check(what, holds)
    return close()


if __name__ == "__main__":
    sys.exit(main())
