"""A registry that wants a login, and may be busy, break off or lie."""

import base64
import contextlib
import http.server

from build.oci.image import digest_of
from tests.build.image.server_image import server
from tests.services.http import serving


class Guarded(http.server.BaseHTTPRequestHandler):
    """A registry of one base that asks for a token, or for name and password, and may lie about a layer."""

    scheme, lies, refuse_first, refuse_tokens, break_tokens, realm = "Bearer", False, 0, 0, 0, ""

    def log_message(self, *_):
        pass

    def do_GET(self):
        if type(self).refuse_first:
            type(self).refuse_first -= 1
            return self.answer(503)
        if self.path.startswith("/token"):
            if type(self).refuse_tokens:
                type(self).refuse_tokens -= 1
                return self.answer(503)
            if type(self).break_tokens:
                type(self).break_tokens -= 1
                self.send_response(200)
                self.send_header("Content-Length", "100")
                self.end_headers()
                return self.wfile.write(b'{"tok')
            assert self.path == "/token?service=ours&scope=repository%3Aserver%3Apull"
            return self.answer(200, b'{"token": "let me in"}')
        user = base64.b64encode(b"me:secret").decode()
        if self.headers.get("Authorization") not in ("Bearer let me in", f"Basic {user}"):
            realm = self.realm or f"http://{self.headers['Host']}/token"
            return self.answer(
                401, challenge=f'{self.scheme} realm="{realm}",service="ours",scope="repository:server:pull"'
            )
        if "/manifests/" in self.path:
            return self.answer(200, server().manifest)
        config = {digest_of(server().config): server().config}
        data = ({layer.digest: layer.open().read() for layer in server().layers} | config)[self.path.rpartition("/")[2]]
        return self.answer(200, b"something else" if self.lies and data == b"libraries" else data)

    def answer(self, status, body=b"", *, challenge=None):
        self.send_response(status)
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET


@contextlib.contextmanager
def guarded(**settings):
    handler = type("Handler", (Guarded,), settings)
    with serving(handler) as host:
        yield host
