"""The routes of the two pages: built once, at the start."""

from serving.exchange import HTML, Reply, Request
from serving.model_info import ModelInfo
from serving.openapi import JsonObject
from serving.page.docs_page import ApiDocument, docs_page
from serving.page.model_page import model_page
from serving.page.page import Page
from serving.page.verdict import read_verdict
from serving.routes import Route
from serving.score import LoadedModel


def page_routes(model: LoadedModel, info: ModelInfo, openapi: JsonObject) -> list[Route]:
    """`/` and `/docs`, which are not part of the API."""
    verdict = read_verdict(model.folder, info.digest)
    return [
        _route("/", model_page(info, model.scorer.predictor.golden, verdict)),
        _route("/docs", docs_page(ApiDocument.model_validate(openapi))),
    ]


def _route(path: str, page: Page) -> Route:
    headers = ((b"content-security-policy", page.policy.encode()), (b"referrer-policy", b"no-referrer"))
    reply = Reply(page.html.encode(), 200, HTML, headers)

    async def handler(_: Request) -> Reply:
        return reply

    return Route("GET", path, handler)
