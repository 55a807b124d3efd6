"""The two pages of a server: the model at `/`, the API at `/docs`. Built once, from what /model and openapi.json have.

page.py         a document: markup, style and script in one answer, and the policy that allows no other
markup.py       elements, with every text escaped
text.py         numbers and names for people
model_page.py   the page at /: heading.py, form.py with examples.py, live.py, inputs.py, verdict_section.py, origin.py
verdict.py      the verdict beside the bundle
docs_page.py    the page at /docs
*.css, *.js     their style, and the script of the model's page: form, answer, live counters
"""
