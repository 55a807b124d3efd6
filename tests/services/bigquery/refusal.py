"""The project that there is, and how the REST API refuses."""

PROJECT, LOCATION = "my-project", "EU"


class Refusal(Exception):
    """An error body of the API."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        self.code = code
        self.error = {"reason": reason, "message": message, "domain": "global"}

    def body(self) -> dict:
        return {"error": {"code": self.code, "message": self.error["message"], "errors": [self.error]}}
