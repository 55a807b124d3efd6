"""An OCI registry over HTTP, as the distribution specification 1.1 has it.

reference.py   HOST/REPOSITORY:TAG and HOST/REPOSITORY@sha256:…
login.py       who asks
client.py      manifests, blobs, tags, uploads
trouble.py     what passes by itself, and how long to wait for it
answers.py     what it answers, as the types that it should be
deadline.py    an end to answers that never end
redact.py      what may be said of an address
"""
