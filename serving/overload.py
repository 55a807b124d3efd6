"""The answer to a request above the limit: bytes that are ready, because nothing else is as cheap."""

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from serving.asgi import Header
from serving.errors import RequestError, error_json


def answer_head(error: RequestError, length: int, headers: list[Header]) -> bytes:
    """Status line and headers, with the empty line; `headers` are those of every answer."""
    of_body = [(b"content-type", b"application/json"), (b"content-length", str(length).encode())]
    lines = [b"%s: %s\r\n" % header for header in (*headers, *error.headers, *of_body)]
    return b"".join([STATUS_LINE[error.status], *lines, b"\r\n"])


class ReadyAnswer:
    """An error as bytes, made again when the headers of every answer change: their date does, once a second."""

    def __init__(self, error: RequestError) -> None:
        self._error = error
        self._body = error_json(error)
        self._headers: list[Header] | None = None
        self._head = self._whole = b""

    def whole(self, headers: list[Header]) -> bytes:
        """Head and body."""
        if headers is not self._headers:
            self._make(headers)
        return self._whole

    def head(self, headers: list[Header]) -> bytes:
        """The answer to HEAD, which has no body."""
        self.whole(headers)
        return self._head

    def _make(self, headers: list[Header]) -> None:
        self._headers = headers
        self._head = answer_head(self._error, len(self._body), headers)
        self._whole = self._head + self._body
