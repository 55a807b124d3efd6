"""The protocol's paths of one model."""


def model_paths(model: str, version: str) -> tuple[str, str]:
    """Without and with the version."""
    return f"/v2/models/{model}", f"/v2/models/{model}/versions/{version}"


def infer_paths(model: str, version: str) -> tuple[str, str]:
    """Without and with the version."""
    plain, versioned = model_paths(model, version)
    return f"{plain}/infer", f"{versioned}/infer"


def probe_paths(model: str, version: str) -> frozenset[str]:
    """Those that are answered under any load."""
    models = (f"{path}/ready" for path in model_paths(model, version))
    return frozenset({"/v2/health/live", "/v2/health/ready", *models})
