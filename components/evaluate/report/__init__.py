"""report.html, one file without links.

report.py       the page, from report.html.j2 and report.css
columns.py      titles of the table of candidates
plots.py        the charts
svg.py          their SVG
"""
