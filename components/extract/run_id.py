"""The run of the pipeline that the step belongs to: all attempts of the step have the same.

It is not a parameter of the step: the cache would never find an earlier run of it.
"""

import re
from collections.abc import Mapping

VARIABLE = "KAMADO_RUN"
# Vertex AI writes to ROOT/PROJECT NUMBER/JOB/TASK_ID/OUTPUT; kamado names a job that repeats another JOB-retry-N.
OUTPUT_ON_VERTEX = re.compile(r"gs://.+/[0-9]+/([a-z][a-z0-9-]*?)(?:-retry-[0-9]+)?/[^/]+_-?[0-9]+/[^/]+")


def run_id(environ: Mapping[str, str], output: str) -> str | None:
    """KAMADO_RUN, which a pod gets of its labels and `kamado run` sets; on Vertex AI the job in the address `output`.

    None where the step is in no run that is known.
    """
    match = OUTPUT_ON_VERTEX.fullmatch(output)
    return environ.get(VARIABLE) or (match[1] if match else None)
