"""How the correction of the embedding model (`knowledge.adapter`) was trained; nothing here is needed to use it."""
