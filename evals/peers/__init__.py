"""Other ways to answer the same questions, to compare with."""
