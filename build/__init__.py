"""From a sound bundle to an image: the gate that refuses, the assembler, and the places where an image is published.

    gate.py       verify a bundle and its verdict, in a child process (check.py)
    base.py       the server that the model is laid on
    image.py      base + one model layer = an image, the same bytes every time
    publish/      where it goes; the tag is the last write

This package is named as PyPA's `build` is, on purpose; inside this checkout `import build` is ours.
"""
