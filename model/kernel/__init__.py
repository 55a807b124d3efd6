"""The compiled predictor: a model as flat arrays, and a small C library that scores rows with them.

kernel.h, *.c    the library: freestanding C11; kernel.h is its interface
structures.py    the structures of kernel.h for numpy and ctypes
layout.py        a bundle's manifest and trees -> flat arrays
splits.py        the splits of all trees, by column
tree_order.py    the nodes of all trees, breadth first
programs.py      rules as operations in postfix order
sources.py       the C sources, and the name of a library of them
library.py       finds the library that was compiled from these sources
kernel.py        scores rows with a library and a flat model
contributions.py what each feature adds to the trees of a row
quadrature.py    integrates polynomials, for contributions.py
"""
