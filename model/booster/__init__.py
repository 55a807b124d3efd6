"""The trees of a model as XGBoost saves them, read without XGBoost.

ubjson.py  a strict reader of the file's format
trees.py   all trees as arrays
"""
