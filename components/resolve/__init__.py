"""Everything of the outer world that a run depends on, asked before anything takes long.

component.py  the step
resolve.py    asks everything, and reports all that is wrong at once
end.py        the end of the window
champion.py   which model is in service, pinned by its digest
forms.py      how a champion may be named
checks.py     server base, keys and destination
"""
