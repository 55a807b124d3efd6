"""The table of a run with several models.

component.py      the step
fleet_summary.py  the table as Markdown
"""
