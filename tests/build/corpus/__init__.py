"""The corpus of corruptions, by the part that is corrupted."""
