"""The first step: the spec, named by a URI, becomes a folder that every later step reads."""

from pathlib import Path

import pydantic

from components.load_spec import spec_uri
from model.errors import Problem, SpecError
from model.files import output_folder
from model.spec.types import Spec


def load_spec(uri: str, out: Path) -> Spec:
    """Write `out/spec.json`. Raises SpecError for what cannot be read or is not a spec."""
    try:
        spec = Spec.from_json(spec_uri.read(uri).decode("utf-8"))
    except (pydantic.ValidationError, UnicodeDecodeError) as error:
        problem = f"is not a spec ({' '.join(str(error).split())[:300]})"
        hint = "Give what `Spec.to_json` wrote; spec.yaml is read when the pipeline is compiled"
        raise SpecError(Problem("spec", problem, hint, "spec-damaged")) from None
    with output_folder(out):
        spec.write(out)
    return spec
