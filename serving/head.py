"""What the head of a request tells: the bytes that it and its body have, and whether it is a plain one.

A plain request is read by one pattern: a microsecond or two, where the parser with its callbacks takes several. The
pattern knows a part of HTTP in which nothing can be read in two ways. What does not match it is the parser's.
"""

import re
from collections.abc import Iterable

from serving.asgi import Header

MAX_HEAD_BYTES = 32_768

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
# These change where a request ends, whether another may follow, or what is answered.
_FRAMING = rb"(?i:content-length|transfer-encoding|connection|proxy-connection|upgrade|expect)"
_LINE = rb"(?:(?!%b:)%b++:[ -~]*+\r\n|(?i:connection: keep-alive)\r\n)" % (_FRAMING, _TOKEN)
_PLAIN_POST = re.compile(
    rb"POST (/[0-9A-Za-z/:._~-]*+)(?:\?[0-9A-Za-z=&._~-]*+)? HTTP/1\.1\r\n"
    rb"%b*+(?i:content-length): ?([0-9]{1,9})\r\n%b*+\r\n" % (_LINE, _LINE)
)


def plain_post_path(data: bytes) -> str | None:
    """The path when `data` is one whole POST of HTTP/1.1, whose one Content-Length says that its body ends with `data`.

    None for everything else: what has another framing header, an odd byte, or a byte too few or too many.
    """
    match = _PLAIN_POST.match(data, 0, MAX_HEAD_BYTES)
    if match is None or match.end() + int(match[2]) != len(data):
        return None
    return match[1].decode("ascii")


def declared_bytes(headers: Iterable[Header]) -> int:
    """Of the body; 0 when its head does not say."""
    declared = next((value for name, value in headers if name == b"content-length"), b"")
    return int(declared) if declared.isdigit() else 0


def parsed_bytes(url: bytes, headers: Iterable[Header]) -> int:
    """Of the part of a head that has been parsed, nearly."""
    return len(url) + sum(len(name) + len(value) + len(": \r\n") for name, value in headers)
