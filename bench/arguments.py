"""Types of arguments of the benches, with what is wrong with a value."""

import argparse


def count(text: str) -> int:
    """A whole number from 1. Raises ArgumentTypeError for others."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1")
    return int(text)


def share(text: str) -> float:
    """From 0 to 1. Raises ArgumentTypeError for others."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a share from 0 to 1")
    return value
