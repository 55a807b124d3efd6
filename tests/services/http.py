"""An HTTP server on loopback for a test, in a `with` block."""

import contextlib
import http.server
import socket
import sys
import threading
from collections.abc import Iterator


class Server(http.server.ThreadingHTTPServer):
    """Some tests disconnect in the middle of a request: that is not logged."""

    def get_request(self):
        """Without TCP_NODELAY the body waits 40 ms for the acknowledgement of the head."""
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        return connection, address

    def handle_error(self, request, client_address) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextlib.contextmanager
def serving(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    """`127.0.0.1:PORT` where `handler` answers."""
    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
