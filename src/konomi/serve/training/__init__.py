"""Training from the store: what was said becomes a dataset, that a model, and that the one that answers, if it is not worse."""
