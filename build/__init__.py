"""From a valid bundle to an image: the gate that refuses, the assembler, and the stores where an image is published.

    copy.py       bundle and verdict, where nobody else writes: everything looks at this copy
    gate.py       verify them, in a child process (check.py); fields/ says what each field may be
    base/         the server that the model is laid on
    image.py      base + one model layer = an image, the same bytes every time
    publish/      where it goes; the tag is the last write
    promotion.py  a release: verified.py looks at the whole image before it gets a number

This package is named as PyPA's `build` is, on purpose; inside this checkout `import build` is ours.
"""
