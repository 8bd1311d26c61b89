"""`python -m evals.load`: `wenju serve` under many clients, under too many, and under clients that are cut off."""
