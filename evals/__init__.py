"""Questions whose answers are known, what counts as answering them, and what got worse."""
