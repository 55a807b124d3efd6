"""Code that travels to a worker as itself, so that a worker needs XGBoost and NumPy and no Kamado of the same state.

By default a function travels as the name of its module, which the worker then imports.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any, Generic, ParamSpec, TypeVar

import cloudpickle

_P = ParamSpec("_P")
_R = TypeVar("_R")


class ByValue(Generic[_P, _R]):
    """`function` of `module`; arrives as the function itself. The module imports no other of Kamado."""

    def __init__(self, module: ModuleType, function: Callable[_P, _R]) -> None:
        self._module, self._function = module, function

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        return self._function(*args, **kwargs)

    def __reduce__(self) -> tuple[Callable[[bytes], Any], tuple[bytes]]:
        cloudpickle.register_pickle_by_value(self._module)
        try:
            return cloudpickle.loads, (cloudpickle.dumps(self._function),)
        finally:
            cloudpickle.unregister_pickle_by_value(self._module)
