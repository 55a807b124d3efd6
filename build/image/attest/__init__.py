"""Documents attached to an image: what it is made of, how it was built, and who signed its model.

sbom.py                the software bill of materials of the whole image (CycloneDX)
installed_packages.py  what is installed in the layers of a base
provenance.py          what went in, by digest, and the result of the smoke test (in-toto, SLSA)
signature.py           a signature of bundle and verdict by the user's own key (model-signing)
"""
