"""Training on a Dask cluster that exists.

    connect.py        the client of a scheduler, whose workers fit
    versions.py       what the workers have installed, against what the step has
    by_value.py       code that travels to a worker, which needs no Kamado
    worker_rows.py    one worker's share of the rows, and XGBoost on it
    placed_rows.py    the rows on all workers, and a fit over them
    errors.py

XGBoost's own collective carries a fit: Dask starts it on the workers and moves the rows there. `xgboost.dask` does the
same over Dask's data frames and arrays, which need pandas and the rows in memory.
"""
