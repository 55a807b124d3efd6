"""This machine's settings of pip for a build: where packages come from and whom to trust, as files of the context.

Files and not arguments, because the engine keeps the arguments of a build in the history of its images.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from build.layer import Entry

PLACES = ("index-url", "extra-index-url", "find-links")  # folders of this machine are none inside a build
PLAIN = ("trusted-host", "proxy", "timeout", "default-timeout", "retries", "no-index")
STRENGTH = ("global", "install", ":env:")  # the later overrules
LINE = re.compile(r"(?P<section>global|install|:env:)\.(?P<key>[a-z-]+)=(?P<value>'.*'|\".*\")")
AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # pip trusts these files where its own settings name none
FOLDER = "pip"


def pip_settings(environ: Mapping[str, str]) -> Iterator[Entry]:
    """`pip/pip.conf`, and `pip/certificates.pem` where this machine trusts authorities of its own."""
    told = _told()
    lines = ["[global]"]
    for key in PLACES:
        if places := [place for place in told.get(key, "").split() if re.match(r"https?://", place)]:
            lines.append(f"{key} = {' '.join(places)}")
    lines += [f"{key} = {told[key]}" for key in PLAIN if key in told]
    named = [told.get("cert"), *(environ.get(name) for name in AUTHORITIES)]
    certificates = next((Path(name) for name in named if name and Path(name).is_file()), None)
    if certificates is not None:
        lines.append(f"cert = /{FOLDER}/certificates.pem")
        yield Entry(f"{FOLDER}/certificates.pem", 0o644, data=certificates)
    yield Entry(f"{FOLDER}/pip.conf", 0o600, data="\n".join([*lines, ""]).encode())


def _told() -> dict[str, str]:
    """What pip itself says of its files and variables; nothing where there is no pip."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = [match for line in said.splitlines() if (match := LINE.fullmatch(line))]
    found.sort(key=lambda match: STRENGTH.index(match["section"]))
    return {match["key"]: str(ast.literal_eval(match["value"])) for match in found}
