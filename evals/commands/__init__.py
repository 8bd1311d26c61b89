"""What each form of ``wenju eval`` does; what it takes is in `evals.cli`."""
