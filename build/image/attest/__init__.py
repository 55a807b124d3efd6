"""Documents beside an image: what it is made of, how it came about, and who vouches for its model.

bill.py        a bill of materials of the whole image (CycloneDX)
inventory.py   what is installed in the layers of a base
provenance.py  what went in, by digest, and how the result was proven (in-toto, SLSA)
signature.py   a signature of the bundle by a key of one's own (model-signing)
"""
