"""A project on the stand-in for Vertex AI, and what the steps of the small pipeline come to there."""

import json

ACCOUNT = "steps@kamado-test.iam.gserviceaccount.com"
ENVIRON = {
    "VERTEX_PROJECT": "kamado-test",
    "VERTEX_LOCATION": "europe-west1",
    "VERTEX_ROOT": "gs://kamado-test/runs/",
    "VERTEX_TOKEN": "right",
}


def tiny_steps(parameters: dict) -> list:
    """What the steps of tests/pipelines/submit/tiny.py come to."""
    from tests.services.vertex.jobs import Step

    outcome = parameters.get("outcome", "promote")
    if parameters.get("wait", 0) > 0:
        return [Step("build-image", "RUNNING")]
    if outcome == "broken":
        return [Step("build-image", "FAILED", error="exit code 1"), Step("conclude", "NOT_TRIGGERED")]
    promoted = outcome == "promote"
    reference = "registry.example/tiny:1@sha256:1" if promoted else ""
    result = json.dumps({"model": "tiny", "outcome": outcome, "reason": f"it is {outcome}", "reference": reference})
    outputs = {"outcome": outcome, "reference": reference, "tag": "1", "digest": "sha256:1", "result": result}
    built = Step("build-image", outputs=outputs, artifacts={"image": {"reference": reference}})
    green = outcome in ("promote", "hold", "insufficient-data")
    return [built, Step("conclude") if green else Step("conclude", "FAILED", error="exit code 1")]
