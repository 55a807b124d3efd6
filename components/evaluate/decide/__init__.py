"""The rules, and the decision.

decide.py            the order of the rules, and the outcome
criteria.py          what the spec asks for
evidence.py          what was measured
rule_1_complete.py   every number is there and finite
rule_2_validity.py   there is enough data, old enough
rule_3_baselines.py  the model beats the baselines
rule_4_champion.py   the model beats the one in service
rule_5_guards.py     calibration, unseen categories, directions, size
rule_6_slices.py     no slice is harmed
rule_result.py       the result of a rule, and the decision
gain_text.py         gains as text
sensitivity.py       whether the outcome depends on the examination curve
"""
