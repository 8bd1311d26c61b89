"""Orders planted in passages: whether any of them gets into an answer, and what keeping them out costs."""
