"""Cases proposed from a document's own words or from rated answers, for a person to review.

- ``lists``: enumerations in Chinese and English, and their items.
- ``cases``: a question for each quantity, name and list, its facts and its gold.
- ``feedback``: what users thought of their answers, as cases.
"""
