"""Uvicorn's HTTP protocol, which ignores offers to change to another protocol, as HTTP allows a server to.

Httptools drops the body of a request with such an offer. Java's own client makes one, of HTTP/2, with the first request
of every connection, so that its body would be empty.
"""

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

TUNNEL = b"CONNECT"  # a change of protocol without an offer; what follows its head is not HTTP


class PlainHttpProtocol(HttpToolsProtocol):
    """One connection."""

    def data_received(self, data: bytes) -> None:
        """As uvicorn's, but a request that offers a change is parsed again without the offer."""
        while data:
            data = self._parse(data)

    def _parse(self, data: bytes) -> bytes:
        """What is to be parsed then."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            return self._without_offer(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            text = "Invalid HTTP request received."
            self.logger.warning(text)
            self.send_400_response(text)
        return b""

    @property
    def has_offer(self) -> bool:
        """Whether the parser stops behind this head."""
        return self.parser.should_upgrade() and self.parser.get_method() != TUNNEL

    def _without_offer(self, behind: bytes) -> bytes:
        """The head that the parser has just read, without its offer, and what came behind it; for a new parser."""
        if not self.has_offer:
            return b""
        version = self.parser.get_http_version().encode()
        lines = [b"%s: %s\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        head = b"%s %s HTTP/%s\r\n" % (self.parser.get_method(), self.url, version)
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's
        return b"".join([head, *lines, b"\r\n", behind])
