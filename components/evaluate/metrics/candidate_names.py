"""Keys of the candidates in metrics.json, and of the examination curves."""

NEW, CHAMPION, CONSTANT, LOGISTIC, CURRENT = "new", "champion", "constant", "logistic", "current_order"
ESTIMATED = "as estimated"
EXPONENTS = {"with half the exponent": 0.5, "with double the exponent": 2.0}  # for the sensitivity to the curve
