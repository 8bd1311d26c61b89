"""``wenju eval crashes``: what is left of a collection whose processes are killed, or whose disk is full."""
