"""pip's settings on this machine, which its users have set already, and the same for uv, which does not read them."""

import ast
import re
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

SECTIONS = ("global", "install", ":env:")  # the later one wins
LINE = re.compile(r"(?P<section>global|install|:env:)\.(?P<key>[a-z-]+)=(?P<value>'.*'|\".*\")")
AUTHORITIES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def pip_config(python: str) -> dict[str, str]:
    """Key -> value, from pip's files and variables, by pip's own order of precedence. Empty without pip."""
    command = [python, "-m", "pip", "config", "list"]
    listing = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    matches = [match for line in listing.splitlines() if (match := LINE.fullmatch(line))]
    matches.sort(key=lambda match: SECTIONS.index(match["section"]))
    return {match["key"]: str(ast.literal_eval(match["value"])) for match in matches}


def uv_environment(config: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that give uv what `config` gives pip. A variable of uv's own in `environ` wins."""
    variables = dict(_variables(config)) | dict(_trust(config, environ))
    return {name: value for name, value in variables.items() if name not in environ}


def _variables(config: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if index := config.get("index-url"):
        yield "UV_DEFAULT_INDEX", index
    # pip warns of a folder that is not there and goes on; uv stops.
    if indexes := _present(config.get("extra-index-url", "")):
        yield "UV_INDEX", " ".join(indexes)
        yield "UV_INDEX_STRATEGY", "unsafe-best-match"  # as pip does; the hashes of the lock decide what is taken
    if links := _present(config.get("find-links", "")):
        yield "UV_FIND_LINKS", ",".join(links)
    if hosts := config.get("trusted-host"):
        yield "UV_INSECURE_HOST", " ".join(hosts.split())
    if proxy := config.get("proxy"):
        yield "HTTPS_PROXY", proxy
        yield "HTTP_PROXY", proxy
    if timeout := config.get("timeout", config.get("default-timeout")):
        yield "UV_HTTP_TIMEOUT", timeout
    if config.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        yield "UV_NO_INDEX", "1"


def _present(sources: str) -> list[str]:
    """Addresses, and the folders that are there."""
    folders = {source: Path(source.removeprefix("file://")) for source in sources.split()}
    return [source for source, folder in folders.items() if re.match(r"https?://", source) or folder.is_dir()]


def _trust(config: Mapping[str, str], environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The authorities that pip trusts: its own setting, a variable, or else those of the system."""
    files = [config.get("cert"), *(environ.get(name) for name in AUTHORITIES)]
    certificates = next((file for file in files if file and Path(file).is_file()), None)
    system = ssl.get_default_verify_paths()
    if certificates:
        yield "SSL_CERT_FILE", certificates
    elif system.cafile or (system.capath and any(Path(system.capath).iterdir())):
        yield "UV_SYSTEM_CERTS", "1"
