"""Whether the server takes new work. SIGTERM ends it: readiness first, then, after the drain, the connections."""


class Lifecycle:
    """Shared by the readiness probe, the connections and the server. `is_draining` never becomes false again."""

    __slots__ = ("is_draining",)

    def __init__(self) -> None:
        self.is_draining = False
