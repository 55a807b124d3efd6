"""Refusals in the protocol's form: one text with the problems, and 400 for a request that does not fit the model."""

import orjson

from model.errors import Problem
from serving.errors import RequestError
from serving.exchange import Reply

INVALID = 400  # what the specification has for it; /predict answers 422


class UnknownModel(RequestError):
    """Another model or version than the one in service."""

    heading = "not found"
    status = 404


def refusal(error: RequestError) -> Reply:
    """The reply to a request that gets no score."""
    problems = "; ".join(f"{problem.where}: {problem.problem}. {problem.hint}" for problem in error.problems)
    status = INVALID if error.status == RequestError.status else error.status
    return Reply(orjson.dumps({"error": f"{error.heading}: {problems}"}), status, headers=error.headers)


def not_found(path: str, *, model: str, version: str) -> Reply | None:
    """The reply for a path without a route; None for one outside of the protocol."""
    steps = path.split("/")[1:]
    if steps[0] != "v2":
        return None
    problem = Problem(path, "is not a route of this server", "/docs lists the routes", "route")
    if steps[1:2] == ["models"] and len(steps) > 2 and steps[2] != model:
        hint = f"This server has one model: {model}"
        problem = Problem("model", f"is {steps[2]!r}, which is not served here", hint, "model-unknown")
    elif steps[3:4] == ["versions"] and len(steps) > 4 and steps[4] != version:
        hint = f"This server has one version: {version}. Without a version the path means it"
        problem = Problem("version", f"is {steps[4]!r}, which is not served here", hint, "model-unknown")
    return refusal(UnknownModel(problem))
