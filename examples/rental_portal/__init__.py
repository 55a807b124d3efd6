"""A simulated rental-property portal: its logs as tables, with the truth behind them kept apart."""
