"""Every word of the interface, in Chinese and English.

The frame of the page follows the browser's language; what belongs to an answer follows the answer's.
"""

from __future__ import annotations

from knowledge.types import Language

TEXTS: dict[str, dict[Language, str]] = {
    "tagline": {
        "zh": "用中文或英文提问；答案的每一句都附上文档原文，文档里没有的就说没有。",
        "en": "Ask in Chinese or English. Every sentence shows the exact words it rests on, or none is given.",
    },
    "welcome": {"zh": "想知道什么？", "en": "What would you like to know?"},
    "ask_here": {"zh": "用中文或英文提问…", "en": "Ask in Chinese or English …"},
    "question": {"zh": "问题", "en": "Question"},
    "conversation": {"zh": "对话", "en": "Conversation"},
    "new_conversation": {"zh": "新对话", "en": "New conversation"},
    "send": {"zh": "发送", "en": "Send"},
    "stop": {"zh": "停止", "en": "Stop"},
    "source": {"zh": "出处", "en": "Source"},
    "source_empty": {
        "zh": "点答案里的编号，这里就打开文档，标出它依据的那一句。",
        "en": "Click a number in an answer: the document opens here with the sentence it rests on marked.",
    },
    "searching": {"zh": "正在查找文档…", "en": "Searching the documents …"},
    "evidence": {"zh": "找到的原文", "en": "Found in the documents"},
    "draft": {"zh": "正在起草，尚未核对", "en": "Draft, not checked yet"},
    "stopped": {"zh": "已停止。未核对的草稿不保留。", "en": "Stopped. The unchecked draft was discarded."},
    "quoted": {"zh": "原文", "en": "quoted"},
    "quoted_help": {"zh": "文档原文，一字未改", "en": "The document's own words, unchanged"},
    "cited": {"zh": "依据", "en": "Rests on"},
    "nearest": {"zh": "最接近的段落（{count}）", "en": "Nearest passages ({count})"},
    "searched_as": {"zh": "按“{question}”查找", "en": "Searched as: {question}"},
    "paragraph": {"zh": "第 {number} 段", "en": "paragraph {number}"},
    "untitled": {"zh": "未命名文档", "en": "Untitled document"},
    "seconds": {"zh": "{seconds} 秒", "en": "{seconds} s"},
    "extractive": {"zh": "逐字引用（不用模型）", "en": "verbatim quotes (no model)"},
    "omitted": {"zh": "（此处略去 {count} 字）", "en": "({count} characters left out here)"},
    "no_such_place": {
        "zh": "文档里没有这个位置，它可能已被替换。",
        "en": "The document has no such place; it may have been replaced.",
    },
    "failed": {"zh": "没能回答。", "en": "This could not be answered."},
    "unexpected": {"zh": "出现了意外错误。", "en": "Something unexpected went wrong."},
    "unexpected_hint": {
        "zh": "请再试一次；详情写在运行问据的终端里。",
        "en": "Try again; the details are in the terminal that runs Wenju.",
    },
    "step_condense": {"zh": "理解问题", "en": "understand"},
    "step_retrieve": {"zh": "检索", "en": "retrieve"},
    "step_select": {"zh": "选句", "en": "select"},
    "step_read": {"zh": "起草", "en": "write"},
    "step_verify": {"zh": "核对", "en": "verify"},
    "step_evidence": {"zh": "原文出现", "en": "evidence shown"},
    "step_first_word": {"zh": "首字", "en": "first word"},
    "step_total": {"zh": "总计", "en": "total"},
    "step_tokens_in": {"zh": "读入词元", "en": "tokens read"},
    "step_tokens_out": {"zh": "写出词元", "en": "tokens written"},
}
"""Texts by key and language."""

EXAMPLES: tuple[tuple[Language, str], ...] = (
    ("zh", "2015年底，哪三个城市开始了新型智慧城市试点？"),
    ("zh", "2021年中国智慧城市产业规模有多大？"),
    ("en", "Which provinces have the most top 100 digital cities?"),
    ("en", "Who wrote this article, and when was it published?"),
)
"""Questions to begin with, about the shipped collection."""


def text(key: str, language: Language, **values: str | int) -> str:
    """Return a text of the interface with its blanks filled in.

    Args:
        key: One of `TEXTS`.
        language: The reader's language.
        **values: What to fill in.
    """
    return TEXTS[key][language].format(**values)


def table(language: Language) -> dict[str, str]:
    """Return every text of one language by key."""
    return {key: by_language[language] for key, by_language in TEXTS.items()}
