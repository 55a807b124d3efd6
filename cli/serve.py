"""Serve a bundle: the same command that an image starts, with settings from the command line."""

import os
import signal
import sys
from pathlib import Path

import click

from cli.outcome import Done
from cli.verb import Call, Verb

ROOT = Path(__file__).resolve().parents[1]
DEFAULT_BUNDLE = "out/bundle"


@click.command("serve", cls=Verb, takes_json=False)
@click.option(
    "--bundle", default="", metavar="FOLDER", help=f"Bundle to serve; default: KAMADO_BUNDLE, else {DEFAULT_BUNDLE}."
)
@click.option(
    "--host", default="", metavar="ADDRESS", help="Address to listen on; default: KAMADO_HOST, else 127.0.0.1."
)
@click.option(
    "--port", default="", metavar="PORT", help="Port to listen on, 0 for any; default: KAMADO_PORT, else 8080."
)
def serve(call: Call, bundle: str, host: str, port: str) -> Done:
    """Serve a bundle over HTTP until Ctrl-C, with a page to try the model at /.

    Further limits are variables of the environment: see docs/commands.md.
    """
    options = {"KAMADO_BUNDLE": bundle, "KAMADO_HOST": host, "KAMADO_PORT": port}
    environ = {**call.environ, **{name: value for name, value in options.items() if value}}
    environ["KAMADO_BUNDLE"] = environ.get("KAMADO_BUNDLE") or DEFAULT_BUNDLE
    environ["PYTHONPATH"] = str(ROOT)
    sys.stdout.flush()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # until the server looks after it
    os.execve(sys.executable, [sys.executable, "-m", "serving.server"], environ)
