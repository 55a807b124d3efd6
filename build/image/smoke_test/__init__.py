"""The proof that the built image answers as training did. Before an image gets its tag, it is started and asked.

seal.py        which way, and what came out of it
questions.py   what is asked, and which answers are right
ask.py         asks a server on loopback; needs Python alone, and so runs inside the image
engine.py      the container itself, where there is a container engine
process.py     the server from the image's layers in a child process, where there is none
tree.py        layers into a folder, for process.py
"""

from typing import ClassVar

from model.errors import KamadoError


class SmokeTestError(KamadoError):
    """The image does not start, or answers otherwise than its bundle says."""

    heading: ClassVar[str] = "the image was not sealed"
