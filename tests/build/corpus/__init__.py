"""The corpus of damage, by the part that is spoiled."""
