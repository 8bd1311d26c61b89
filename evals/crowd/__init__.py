"""``wenju eval crowd``: processes that add and processes that ask, all at once, on one collection."""
