"""XGBoost, as the image of the server has it: without scikit-learn.

XGBoost imports scikit-learn, and by it all of scipy.stats, wherever it is installed, for estimator classes that nothing
here uses. That is most of the time that a server or a check of a bundle takes to start on a developer's machine.
"""

import sys

_imported = "sklearn" in sys.modules
if not _imported:
    sys.modules["sklearn"] = None  # type: ignore[assignment]  # the import system's way to say that it is not there
try:
    import xgboost
finally:
    if not _imported:
        del sys.modules["sklearn"]

__all__ = ["xgboost"]
