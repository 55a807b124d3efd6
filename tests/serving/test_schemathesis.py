"""Schemathesis reads the server's own OpenAPI document and tries it out: valid bodies, invalid ones, other methods."""

import subprocess
import sys

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance,negative_data_rejection,unsupported_method,allow_header_conformance"
)
EXAMPLES = 25  # of each route and kind; 300 found nothing more


def test_no_request_gets_a_5xx_or_what_the_document_does_not_say(server, tmp_path):
    """Not `positive_data_acceptance`: a schema cannot say that all columns of a batch are equally long."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json"),
        *("--phases", "coverage,fuzzing", "--max-examples", str(EXAMPLES), "--seed", "1", "--checks", CHECKS),
        *("--generation-database", "none", "--no-color"),
    ]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert " generated, " in ended.stdout
