"""What every package shares: what is asked of a model (spec) and what a trained model is on disk (bundle)."""
