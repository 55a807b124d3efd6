"""Kamado's server beside others: the same model and rows, each server in an environment of its own."""
