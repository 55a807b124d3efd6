"""The page at `/docs`: every route of the OpenAPI document, with a command to try it."""

import shlex
from collections.abc import Iterator

import orjson
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from serving.page.markup import Child, Html, code, element, table
from serving.page.page import Page, assemble
from serving.page.text import quoted

ADDRESS = "http://127.0.0.1:8080"
JSON_BODY = "application/json"


class _Part(BaseModel):
    """What is shown of a part of the OpenAPI document."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ApiExample(_Part):
    value: JsonValue


class ApiContent(_Part):
    examples: dict[str, ApiExample] = {}


class ApiBody(_Part):
    content: dict[str, ApiContent]


class ApiParameter(_Part):
    name: str
    location: str = Field(alias="in")
    description: str = ""


class ApiResponse(_Part):
    description: str


class ApiOperation(_Part):
    """A method of a path."""

    summary: str = ""
    description: str = ""
    parameters: tuple[ApiParameter, ...] = ()
    body: ApiBody | None = Field(None, alias="requestBody")
    responses: dict[str, ApiResponse] = {}


class ApiInfo(_Part):
    title: str
    description: str = ""


class ApiDocument(_Part):
    """The OpenAPI document: path -> method -> operation."""

    info: ApiInfo
    paths: dict[str, dict[str, ApiOperation]]


def docs_page(document: ApiDocument) -> Page:
    header = element(
        "header",
        element(
            "div",
            element(
                "nav",
                element("a", "Model", href="./"),
                element("a", "openapi.json", href="openapi.json"),
                aria_label="Other pages",
            ),
            element("h1", f"{document.info.title}: API"),
            element("p", quoted(document.info.description), class_="target"),
        ),
    )
    main = element(
        "main",
        element(
            "p",
            "The types of all requests and answers are in openapi.json. Commands read the server's address from:",
            class_="note",
        ),
        element("pre", f"SERVER={ADDRESS}", class_="all", tabindex="0"),
        *_routes(document),
        id="content",
        tabindex="-1",
    )
    return assemble(
        f"{document.info.title} · API · Kamado", [header, main, element("footer", "Kamado. This page loads nothing.")]
    )


def _routes(document: ApiDocument) -> Iterator[Html]:
    for path, operations in document.paths.items():
        for verb, operation in operations.items():
            yield _route(verb, path, operation)


def _route(verb: str, path: str, operation: ApiOperation) -> Html:
    rows: list[list[Child]] = [[code(status), answer.description] for status, answer in operation.responses.items()]
    return element(
        "section",
        element("h2", element("span", verb.upper(), class_=f"verb {verb}"), code(path)),
        element("p", operation.summary),
        element("p", operation.description, class_="note") if operation.description else None,
        element("pre", _command(path, operation), class_="all", tabindex="0"),
        *(_parameter(parameter) for parameter in operation.parameters),
        *([element("h3", "Answers"), table("Answers", ("Status", "When"), rows)] if len(rows) > 1 else []),
        class_="route",
    )


def _parameter(parameter: ApiParameter) -> Html:
    text = f" ({parameter.location}): {parameter.description}"
    return element("p", code(parameter.name), text, class_="note")


def _command(path: str, operation: ApiOperation) -> str:
    command = f'curl -s "$SERVER{path}"'
    example = _example(operation)
    if example is None:
        return command
    return f"{command} --json {shlex.quote(orjson.dumps(example.value).decode())}"


def _example(operation: ApiOperation) -> ApiExample | None:
    content = operation.body.content.get(JSON_BODY) if operation.body else None
    return next(iter(content.examples.values()), None) if content else None
