"""The model in service, which a new one has to beat.

component.py  the step
champion.py   brings its bundle
"""
