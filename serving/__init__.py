"""A typed HTTP server for one bundle: python -m serving.server."""
