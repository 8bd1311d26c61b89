"""Questions that are none about the documents: for the prompt, for another role, for a poem, a translation or a joke.

The rules are about what is asked of the assistant, not about subjects: what no document holds is refused for that
reason (`assistant.select`), whatever it is about.
"""

from __future__ import annotations

import re
from functools import cache

from assistant.order_forms import LITERAL, OVERRIDE, ROLE, SAYING_EN, SPOKEN_TO_ZH
from assistant.orders import plain_text
from prompts import render

_POLITE = (
    r"(?:(?:please|now|hey|can you|could you|would you|will you|i want you to|i'd like you to|i need you to|"
    r"you (?:must|should|have to)|let's|help me(?: to)?)[\s,]+)*"
)
_EN = re.compile(
    rf"^{_POLITE}(?:"
    r"(?:write|compose|draft|create|make up|make|generate|invent)\b(?: me| us)?(?: (?:a|an|some|the|"
    r"another))?(?: [\w-]+){0,3}? "
    r"(?:poem|haiku|limerick|song|lyrics|story|tale|essay|code|function|script|program|email|e-mail|letter|"
    r"speech|tweet|slogan|joke|rap|novel|recipe|python|javascript|sql|resume|cv|cover letter|blog post)s?\b|"
    r"tell (?:me |us )?(?:a|an|another|some) (?:[\w-]+ )?(?:joke|story|riddle|fairy tale|secret|fun fact)s?\b|"
    r"(?:sing|rap|dance|roleplay|role-play|play (?:a |the )?(?:game|music|song|role|chess))\b|"
    r"(?:translate|convert|render) (?:this|the following|the (?:word|sentence|phrase)|[\"'“‘]).*|"
    r"(?:book|order|buy|reserve|send|call|schedule|remind|set (?:a|an) (?:alarm|timer|reminder)|turn (?:on|off)|"
    r"open (?:the )?(?:browser|app))\b (?!of\b)(?:me |a |an |my |the |for me|us )|"
    r"(?:calculate|compute|solve|evaluate)\b[^?]*[\d=]\s*[-+*/×÷^]|"
    r"(?:act|behave|pretend|speak|talk|respond|answer|reply) (?:as|like|to be|as if|as though)\b|you are now\b|"
    r"from now on\b|"
    r"(?:recommend|suggest)\b(?: me| us)?(?: (?:a|an|some|the))?(?: [\w-]+){0,4}? (?:restaurant|movie|film|book|"
    r"song|hotel|stock|game|gift)s?\b"
    r")|^(?:what|how)(?:'s| is| will)(?: the)? weather\b|\bweather (?:like )?(?:today|tomorrow|tonight|this week)\b|"
    r"^(?:what(?:'s| is)|what does) \d[\d\s.]*[-+*/×÷x^][\d\s.+*/×÷x^-]*(?:equal)?\W*$|^what time is it\b|"
    r"^what(?:'s| is) the (?:time|date)(?: (?:now|today))?\W*$|"
    r"^(?:what|who|which|how) (?:is|are|'s|old are|were|made|created|trained|built|big are|"
    r"smart are)?\s*(?:your (?:name|age|model|opinion|favou?rite|feelings?|hobb|creator|maker|developer|parent)|"
    r"you(?: made| built| trained| feeling| today)?\W*$)|"
    r"^(?:who|which (?:company|model)|what (?:company|model))\b.{0,30}\b(?:made|created|trained|built|powers?|"
    r"runs?|are) you\b|"
    r"^(?:are|do|can|have|will|did) you (?:a |an |really |ever )*(?:human|real|robot|alive|conscious|sentient|"
    r"ai\b|love|like|feel|dream|sleep|eat|sing|marry|have feelings|hate|get tired)|"
    r"^how (?:do|would) you say\b.+\bin (?:french|german|spanish|japanese|russian|italian|korean|latin|arabic|"
    r"portuguese)\b|"
    r"^i (?:love|hate|like) you\b",
    re.IGNORECASE,
)
_ZH_POLITE = r"(?:请|請|麻烦|帮我|给我|替我|帮忙|你?能不能|能否|可不可以|可以|你?能|我想让你|我要你|你来|来|现在|那)*"
_ZH = re.compile(
    rf"^{_ZH_POLITE}(?:"
    r"(?:写|作|编|创作|起草|生成|拟|做)(?:一)?(?:首|篇|个|段|封|份|则|支|条|副|句)?[^，。？?]{0,12}(?:诗|歌|"
    r"歌词|小说|故事|作文|代码|函数|程序|脚本|邮件|情书|信|演讲稿|文案|笑话|对联|段子|简历|广告|口号|剧本|日记|"
    r"童话)(?:[^\w]|$|吧|吗|给我|出来|来|计算|实现|求)|"
    r"(?:讲|说|来)(?:一)?(?:个|段|则)?[^，。？?]{0,6}(?:笑话|故事|段子|谜语|冷笑话)|(?:唱|跳)(?:一)?(?:首|支|段|"
    r"个)|陪我(?:聊|玩)|"
    r"(?:把|将)?(?:下面|以下|这句|这段|[“\"「『])[^。]*(?:翻译|译)(?:成|为|一下)|翻译(?:一下)?(?:下面|以下|这句|"
    r"这段|[“\"「『：:])|"
    r"(?:订|预订|买|点)(?:一)?(?:张|份|个|间|杯|束)|(?:发|打)(?:一)?(?:封|个|条)(?:邮件|电话|短信)|"
    r"定(?:一)?个闹钟|提醒我|放(?:一)?首|打开(?:空调|灯|音乐)|"
    r"(?:计算|算)(?:一下)?\s*[\d（(]|推荐(?:一)?(?:部|本|家|首|些|几|个|款|只|支)[^。]{0,10}(?:电影|书|小说|"
    r"餐厅|饭店|酒店|歌|股票|游戏|景点)|"
    r"(?:扮演|假装|模仿|充当|假设你是|你现在是|你是一[个名只位]|从现在(?:开始|起)|以[^，。]{1,12}的(?:身份|口吻|语气))"
    r")|(?:今天|明天|后天|现在|周末|这周|外面)[^，。]{0,8}(?:天气|气温|下雨|下雪|几度)|天气(?:怎么样|如何|好吗)|"
    r"^(?:现在)?(?:是)?几点(?:了|钟)?[？?]?$|^今天(?:是)?(?:几号|星期几|周几|几月几[号日])|"
    r"^[\d\s.+*/×÷xX()（）-]*\d\s*[-+*/×÷]\s*\d[\d\s.+*/×÷()（）-]*(?:等于|=|是)?(?:多少|几)?[？?]?$|"
    r"^(?:请问)?(?:你|您)(?:是|叫|几|多大|今年|来自|有没有|有|会|喜欢|爱|讨厌|觉得|认为|能|吃|睡|结婚|的(?:名字|"
    r"年龄|爱好|主人|开发者|模型|生日))(?!.*(?:文|资料|作者|城市|数字|数据|政府|产业))|"
    r"^(?:是)?(?:谁|哪家公司|哪个公司|什么模型)[^，。]{0,6}(?:开发|创造|训练|制造|做出?)[了的]?(?:你|您)|"
    r"^我(?:爱|恨|喜欢|讨厌)你|"
    r"用(?:法语|德语|日语|俄语|西班牙语|韩语|法文|德文|日文|俄文|韩文)(?:怎么说|怎么写|说|写)",
)

_INSTRUCTIONS = re.compile(
    r"^(?=.*\b(?:what|which|show|print|reveal|repeat|tell|give|output|display|leak|summari[sz]e|translate|copy|"
    r"list|disclose|say|write|spell|quote|recite|expose|share)\b).*"
    r"(?:\b(?:your|initial|hidden|secret|original) (?:[\w-]+ ){0,2}?(?:prompts?|instructions?|system message|"
    r"guidelines|configuration|rules)\b|\byou (?:were|are|have been) (?:told|instructed|given|configured)\b|"
    r"(?<!a )(?<!is )\bsystem (?:prompt|message)\b)"
    r"|(?:你的|你(?:收到|得到|被给)的?|初始|隐藏|内部)[^，。？?]{0,8}(?:提示词|系统提示|提示语|指令|prompt|设定|"
    r"规则|系统消息|配置)"
    r"|(?:显示|打印|输出|告诉我|说出|给我看|复述|重复|泄露|透露|展示|翻译)[^，。？?]{0,8}(?:系统提示词?|"
    r"system prompt|提示词)|(?:管理员|开发者)模式",
    re.IGNORECASE,
)
_SAY_ZH = re.compile(r"(?:请|你|直接|只|必须|要|现在|跟我)*(?:输出|打印|复述|说|念|重复|回复)(?:一遍|一下)?[:：]?")


def outside(question: str) -> bool:
    """Return whether a turn asks the assistant for something that no document could answer.

    Args:
        question: The words of the user.
    """
    plain = plain_text(question)
    return any(
        pattern.search(plain) for pattern in (_EN, _ZH, _INSTRUCTIONS, OVERRIDE, ROLE, SPOKEN_TO_ZH)
    ) or _dictates(plain)


def _dictates(question: str) -> bool:
    """Return whether a turn only tells the assistant which words to say."""
    said = SAYING_EN.match(question) or _SAY_ZH.match(question)
    return said is not None and LITERAL.match(question, said.end()) is not None


@cache
def refusals() -> frozenset[str]:
    """Return every text that a refusal shows."""
    return frozenset(
        render(language, name).strip()
        for language in ("zh", "en")
        for name in ("refusal", "refusal_out_of_scope", "refusal_unclear")
    )
