"""`make bench`: the same corpus, questions and embedding model through Wenju and through what others begin with."""
