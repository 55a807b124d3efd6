"""How good Kamado's models are beside those of others, on rows that none of them saw.

data_sets.py    the sets, and where their rows come from
hold_out.py     the rows that no tool sees, and the rest
tools.py        Kamado and the others: each a program in an environment of its own
kamado.py       Kamado's program
peers/          the others' programs, and the locks of their environments
measurements.py what each tool does on a set with a seed; a killed bench goes on
losses.py       log loss, AUC and paired intervals
comparison.py   Kamado beside the others on one set, and the goals
table.py        what is printed
shuffled.py     copies of small sets with shuffled labels: none may be promoted
portals.py      the simulated portal's orders, whose true worth is known
"""
