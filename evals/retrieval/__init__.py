"""How well passages are found: recall over benchmark sets, by direction of the languages, beside plain baselines."""
