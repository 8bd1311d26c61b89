"""``wenju eval guard``: correct claims are corrupted, and the check of claims has to notice."""
