"""This machine's settings of pip for a build: package indexes and trusted authorities, as files of the context.

Files and not arguments, because the engine keeps the arguments of a build in the history of its images.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from build.environment.pip_config import pip_config
from build.oci.layer import TarEntry

SOURCES = ("index-url", "extra-index-url", "find-links")  # folders of this machine do not exist inside a build
PLAIN = ("trusted-host", "proxy", "timeout", "default-timeout", "retries", "no-index")
AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # pip trusts these files where its own settings name none
FOLDER = "pip"


def pip_settings(environ: Mapping[str, str]) -> Iterator[TarEntry]:
    """`pip/pip.conf`, and `pip/certificates.pem` where this machine trusts authorities of its own."""
    config = pip_config(sys.executable)
    lines = ["[global]"]
    for key in SOURCES:
        if addresses := [source for source in config.get(key, "").split() if re.match(r"https?://", source)]:
            lines.append(f"{key} = {' '.join(addresses)}")
    lines += [f"{key} = {config[key]}" for key in PLAIN if key in config]
    named = [config.get("cert"), *(environ.get(name) for name in AUTHORITIES)]
    certificates = next((Path(name) for name in named if name and Path(name).is_file()), None)
    if certificates is not None:
        lines.append(f"cert = /{FOLDER}/certificates.pem")
        yield TarEntry(f"{FOLDER}/certificates.pem", 0o644, data=certificates)
    yield TarEntry(f"{FOLDER}/pip.conf", 0o600, data="\n".join([*lines, ""]).encode())
