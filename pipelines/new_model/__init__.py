"""A first spec.yaml and training.sql from a table's own columns: `make new MODEL=… TABLE=… LABEL=…`."""
