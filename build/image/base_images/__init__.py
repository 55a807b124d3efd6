"""The base images, built by a container engine: `kamado base-images`, `kamado component-image`.

server/           Dockerfile, lock and imports of what a model is laid on
component/        Dockerfile, lock and imports of what every pipeline step runs in
imported_files.py  which files the imports of either come to, to compile them
python_base.py    the Python that both start from: public by digest, or Debian's packages (debian_python.py)
build_context.py  the files that the engine gets, with the settings of pip (pip_config.py)
build_images.py   both are built, then tagged
base_images.py    both into an OCI layout
component_image.py  that of the steps into a registry
build_engine.py   the engine and its faults
export.py         out of the engine (docker_save.py) into an OCI layout, the same bytes for the same files
"""

from typing import ClassVar

from model.errors import KamadoError


class BaseImagesError(KamadoError):
    """No engine, no Python to start from, or a build that failed."""

    heading: ClassVar[str] = "the base images cannot be made"
