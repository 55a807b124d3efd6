"""Keys of the candidates in metrics.json, and of the examination curves."""

NEW, CHAMPION, CONSTANT, LOGISTIC, CURRENT = "new", "champion", "constant", "logistic", "current_order"
ESTIMATED = "as estimated"
# For the sensitivity to the examination curve: it to the power of .5 and 2.
EXPONENTS = {"if people look further down": 0.5, "if people look less far": 2.0}
