"""The smoke test: before an image gets its tag, it is started and must answer as training did.

smoke_test.py   which way it runs, and its result
test_cases.py   the requests, and which answers are right
http_client.py  sends them to a server on loopback; needs Python alone, so that it can run inside the image
container.py    the container itself, where there is a container engine
process.py      the server from the image's layers in a child process, where there is none
start.py        how a program of an unpacked image is started
rootfs.py       layers into a folder
"""

from typing import ClassVar

from model.errors import KamadoError


class SmokeTestError(KamadoError):
    """The image does not start, or gives other answers than its bundle."""

    heading: ClassVar[str] = "the image failed its smoke test"
