"""How well a score tells supported claims from others, on sets of claims beside the texts they should rest on."""
