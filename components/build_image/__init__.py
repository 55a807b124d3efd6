"""The image of a promoted model, and the account of a run.

component.py    the step
build_image.py  builds the image where the verdict promotes
account.py      what came out of the run, in the forms that people and later steps read
summary.py      the same as a page of Markdown
"""
