"""The base images, built by a container engine: `kamado base-images`.

server/       Dockerfile and lock of what a model is laid on
component/    Dockerfile of what every pipeline step runs in; its lock is that of the root
python.py     the Python that both start from: public by digest, or made of Debian packages (bootstrap.py)
contents.py   what the engine is given: named files and no more, with the settings of pip (pip.py)
make.py       both are built, then tagged
export.py     out of the engine (saved.py) into an OCI layout, the same bytes for the same files
"""

from typing import ClassVar

from model.errors import KamadoError


class BaseImagesError(KamadoError):
    """No engine, no Python to start from, or a build that failed."""

    heading: ClassVar[str] = "the base images cannot be made"
