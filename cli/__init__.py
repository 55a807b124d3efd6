"""`kamado`, the command line of the whole product.

__main__.py        the entry: looks after interrupts first
main.py            the group of all verbs, in sections
verb.py            one verb: its arguments are read with every mistake at once
outcome.py         how a verb ends: on the screen or as one JSON value, and its exit code
train.py           run, check-spec, new, report
images.py          verify, image, component-image, base-images
releases.py        releases, promote, rollback, fetch
serve.py           serve
compile.py         compile
simulate.py        simulate
registry.py        registry; local_registry.py is the process
completion.py      completion

A module here imports at its top only what is light. What takes longer is imported by the verb that needs it, so that
`kamado --help` and shell completion answer at once.
"""
