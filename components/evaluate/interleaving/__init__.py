"""Which of two models people prefer, from pages that show both at once."""
