"""The kernel that scores, compiled of model/kernel/*.c by one pinned compiler: the same bytes wherever it is made.

    __main__.py        the command: `python3 -m build.kernel FOLDER`
    target.py          the kinds of machines that a library is for
    compiler.py        how a C compiler is run over the sources
    zig.py             the pinned one, in a temporary folder; its lock is requirements.txt
    cached_kernel.py   what it compiled, cached by sources, flags and lock
    install.py         the library of this machine in a folder: the cached one, else one of the machine's own compiler
    loads.py           whether a library can be loaded, and is of its sources

Standard library only: a part of it runs before anything is installed.
"""


class CannotCompile(Exception):
    """No library can be made here; the message says why, in a clause."""
