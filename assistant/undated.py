"""Evidence that leaves open of which year it tells.

"新赛季6月3日揭幕" may answer a question about 2022, and the document that it stands in may be the very one: news say
the day and leave the year to the date of the page. It is answered from, if the judgement is sure, and the answer says
that the year is not stated. A document that states a year anywhere leaves nothing open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from assistant.dates_apart import leave_the_year_open
from assistant.quantities import DateParts, Quantity
from knowledge.lexical import fold
from knowledge.retrieve import SentenceHit
from knowledge.types import DocumentRecord

_YEAR = re.compile(
    r"(?<!\d)(?:1[0-9]|20)\d\d(?!\d)|[一二][零〇一二三四五六七八九]{3}年|(?<!\d)\d\d年(?!前|后|来|间|以|代)"
)
"""What may be a year, seen fast: a whole document is looked through."""


def leaves_the_year_open(
    dates: Sequence[Quantity], sentences: Sequence[SentenceHit], document: Callable[[str], DocumentRecord]
) -> bool:
    """Return whether some dates lack nothing but the year in what sentences stand in, where no year is stated at all.

    Args:
        dates: What a question insists on and the passages of the sentences do not state.
        sentences: The evidence.
        document: Brings a document by its id.
    """
    texts = list(dict.fromkeys(sentence.passage.text for sentence in sentences))
    open_in = (isinstance(one.value, DateParts) and leave_the_year_open(one.value, texts) for one in dates)
    if not dates or not all(open_in):
        return False
    records = [document(id_) for id_ in dict.fromkeys(sentence.passage.document_id for sentence in sentences)]
    told = (part for one in records for part in (one.title, one.text, *one.metadata.values()))
    return not any(_YEAR.search(fold(part)) for part in told)
