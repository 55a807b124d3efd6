"""`kamado`: the one command line. Make targets call it."""
