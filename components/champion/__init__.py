"""The model in service, which a new one has to beat.

component.py  the step
champion.py   brings its bundle
check.py      looks at it before a model is trained
forms.py      how it may be named
"""
