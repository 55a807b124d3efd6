"""An answer in one piece, in place of two messages to uvicorn, which checks every header of them with two patterns."""

from collections.abc import Sequence

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from serving.asgi import Header


def send_whole(cycle: RequestResponseCycle, status: int, headers: Sequence[Header], body: bytes) -> bool:
    """False, and nothing is sent, when uvicorn has to do it: the caller does not read, is gone, or gets no body.

    The headers are ours, so that nothing in them needs a check. With them goes what uvicorn sends with every answer.
    """
    if cycle.flow.write_paused or cycle.disconnected or cycle.response_started or cycle.scope["method"] == "HEAD":
        return False
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.scope["status"] = status  # type: ignore[typeddict-unknown-key]  # for the log
    lines = [b"%s: %s\r\n" % header for header in (*cycle.default_headers, *headers)]
    end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
    cycle.transport.write(b"".join([STATUS_LINE[status], *lines, end, body]))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True
