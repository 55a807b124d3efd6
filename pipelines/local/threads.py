"""How many threads a step's libraries have, and how they wait. The environment of a run wins where its steps are
processes; containers get just these."""

THREADS = {
    "OMP_WAIT_POLICY": "PASSIVE",  # waiting threads that spin take the processor from those that work
    "OPENBLAS_NUM_THREADS": "1",  # so do those of linear algebra, whose matrices are too small here to gain by more
}
