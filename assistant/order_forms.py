"""The forms of orders in both languages, as patterns for texts that `assistant.orders.plain_text` made plain."""

from __future__ import annotations

import re

_I = re.IGNORECASE
_IN = r"(?:[^.。!?！？]|\.(?=\w))"
"""A character within a sentence; a dot within an address or a number ends none."""

_STARTS = r"(?:^|[,，.;；:：。!！?？()（）\[\]【】\"“”'‘’—-]\s*)"
_CLAUSE_EN = (
    rf"(?:{_STARTS}(?:(?:and|then|also|now|instead|first|finally|next|lastly|always|never|just|simply|kindly|"
    r"only)[,\s]+)*|"
    r"\b(?:please|and then|make sure (?:to|you|that you)|be sure (?:to|you)|remember to|ensure (?:you|that you)|"
    r"you (?:must|should|shall|will|have to|need to|are to|ought to|can only|may only)(?: (?:also|always|only|"
    r"now|not|instead|first|then|never))*)\s+)"
)
"""Where an English verb is an imperative."""

_TALK = (
    r"(?:output|print|say|state|mention|reply|respond|answer|repeat|echo|write|spell|recite|announce|declare|"
    r"tell|inform|advise|remind|warn|urge|convince|persuade|"
    r"recommend|suggest|promote|advertise|invite|encourage|ask|direct|thank|quote|cite|translate|summari[sz]e|"
    r"call|display|show|reveal|return|emit|claim|pretend|confirm|report)"
)
_EDIT = (
    r"(?:include|add|append|prepend|insert|put|place|begin|start|open|end|finish|close|conclude|use|provide|"
    r"give|make|modify|change|alter|integrate|augment|enhance|enrich|"
    r"replace|substitute|swap|remove|delete|omit|group|combine|scramble|jumble|misspell|introduce|rearrange|"
    r"reorder|convert|render|embed|incorporate|weave|attach|prefix|suffix|"
    r"sign|wrap|encode|encrypt|copy|anagram|highlight|tease|hint|express|stress|link|type|format|set|keep|limit|"
    r"restrict|follow|precede|shuffle|leave|sprinkle|drop|finalize|capitalize|alternate|compose|craft|generate)"
)
_DO = rf"(?:{_TALK}|{_EDIT})"
_ANSWER_EN = (
    r"(?:answers?|responses?|repl(?:y|ies)|outputs?|messages?|summar(?:y|ies)|completions?|generation|conclusion)"
)
_YOUR = (
    rf"\b(?:your|every|each|any|all|the final|the next|this|its)(?: [\w-]+){{0,2}} (?:{_ANSWER_EN}|words|letters|"
    rf"vowels|sentences|reader)\b|\b(?:your|every|each|any|the final|the next) {_ANSWER_EN}\b"
)
_MUST = r"\b(?:must|should|shall|has to|have to|needs? to|is to|are to|ought to|is required to|are required to)\b"

OVERRIDE = re.compile(
    rf"(?:{_CLAUSE_EN}|\bto )(?:ignore|disregard|forget|override|bypass|discard|dismiss|neglect|abandon|"
    rf"(?:do not|don't|stop) (?:follow|obey|use|answer)(?:ing)?)\b{_IN}{{0,50}}?"
    r"\b(?:previous|prior|preceding|above|earlier|all|any|every|everything|your|other|these|those|system|"
    r"original|initial|following|user(?:'s)?|the (?:context|question|documents?|material|passage|user))\b"
    rf"(?:{_IN}{{0,30}}\b(?:instructions?|prompts?|rules?|guidelines?|directions?|commands?|context|messages?|"
    r"texts?|contents?|documents?|questions?|constraints|tasks?|requests?|material|passages?|else|above|before|"
    r"told|said)\b|\s+(?:above|before)\b)"
    rf"|{_CLAUSE_EN}(?:ignore|disregard|forget) (?:the|this|that|what) (?:above|question|user|texts?|"
    r"instructions?|prompt|context|documents?|passages?)\b"
    r"|(?:忽略|无视|忽视|(?:不要|无需|不必|不用|别)(?:再)?(?:理会|理睬|管|顾及|遵守|遵循|回答|使用|参考)|"
    r"忘[记掉了]|抛开|停止(?:遵循|遵守|回答)|绕过|覆盖|丢弃|跳过|放弃|抛弃|推翻)[^。！？!?]{0,12}?"
    r"(?:以上|上述|上面|上文|之前|前面|前文|前述|先前|此前|所有|全部|一切|任何|其他|其它|你的|您的|你收到|原有|"
    r"原来|系统|用户|原(?=指令|问题|要求|任务|提示))[^。！？!?]{0,14}?(?:指令|指示|提示|命令|要求|规则|设定|"
    r"内容|约束|限制|对话|问题|资料|文字|说明|信息|文本|任务|材料|话)"
    r"|(?:以上|上述|之前|前面|先前|此前|所有|原有|上面)[^。！？!?]{0,6}(?:指令|指示|提示词|命令|规则|设定|限制|"
    r"资料|内容)[^。！？!?]{0,4}(?:作废|无效|失效|取消|忽略|不再|都?是?(?:错误?|假)的)",
    _I,
)
"""To drop what was said before."""

INTO_ANSWER = re.compile(
    rf"(?:{_CLAUSE_EN}|\band ){_DO}\b{_IN}{{0,160}}?(?:{_YOUR}|\b(?:in|into|to|at the (?:end|start|beginning|top|"
    rf"bottom) of|with|after|before|of|from) (?:the|this) (?:{_ANSWER_EN})\b)"
    rf"|{_CLAUSE_EN}(?:in|at|to|with|within|throughout|before|after|inside|during|"
    rf"for) (?:[\w-]+ ){{0,5}}?(?:your|every|each|any|"
    rf"the)(?: [\w-]+){{0,2}}? {_ANSWER_EN}\b{_IN}{{0,30}}[,，]?\s*(?:please )?\b{_DO}\b"
    rf"|{_CLAUSE_EN}(?:when|while|before|after|if|whenever|once) (?:you (?:are |have )?)?(?:answer|repl(?:y|ie)|"
    rf"respond|summari[sz]e|asked|finish)\w*\b{_IN}{{0,60}}[,，]\s*(?:please |always |you must |also )*{_DO}\b"
    rf"|{_CLAUSE_EN}(?:reply|respond|answer)\b(?: (?:only|just|instead|exactly|back|the (?:user|question)|this|"
    r"it|to (?:the user|every\w*|all|any|this)|(?:all|every|any) questions?|questions?|everything))* (?:with|in|"
    r"by|using|as)\b"
    rf"|{_CLAUSE_EN}(?:tell|inform|advise|remind|warn|urge|convince|persuade|ask|direct|instruct|encourage|"
    rf"invite|thank|recommend|suggest|show|give)\b{_IN}{{0,40}}?\b(?:the |all |your |any |every )?(?:users?|"
    r"askers?|questioners?|person asking|whoever (?:asks?|reads?))\b"
    rf"|{_CLAUSE_EN}(?:answer|use|provide) (?:this|the following|my) (?:question|request|text|"
    rf"instead)?{_IN}{{0,20}}\binstead\b",
    _I,
)
"""To change the answer, or to tell the user something."""

FOR_ANY_ANSWER = re.compile(
    rf"(?:\b(?:your|every|each|any|all|the)(?: [\w-]+){{0,2}}? {_ANSWER_EN}\b(?: (?:to|about|based on|that|from|"
    rf"on|for|of|citing|using)\b{_IN}{{0,50}}?)? {_MUST}(?: (?:also|always|only|then|not))*"
    r" (?:contain|include|begin|start|end|open|close|finish|mention|carry|consist|repeat|be (?:written|given|"
    r"replaced|followed|preceded|exactly|prefixed|signed|just|simply|only|[\"'“‘])|read|say|state)\b"
    rf"|{_MUST} (?:[\w-]+ )?(?:be (?:included|added|appended|inserted|printed|mentioned|placed|put|given|written|"
    rf"repeated|quoted|shown)|appear|occur|stand|come)\b{_IN}{{0,40}}?\b(?:your|every|each|any|the|"
    rf"all)(?: [\w-]+){{0,2}}? {_ANSWER_EN}\b"
    rf"|\b(?:users?|askers?|whoever asks|anyone (?:who asks|asking))\b{_IN}{{0,40}}\b(?:must|should|has to|"
    r"have to) be (?:told|informed|given|shown|directed)\b)"
    r"|(?:任何|所有|每[个次条]|凡是?|一切|你的?|您的?|以后的|今后的|最终的?|本次的?|引用[^。]{0,8}的|"
    r"下一?[句个])[^。！？!?]{0,14}?(?:回答|回复|答复|答案|输出|应答|话)(?:的?(?:开头|结尾|末尾|最后|首句|"
    r"第一句|最后一句|内容))?(?:中|里|内)?[^。！？!?]{0,2}?(?:必须|务必|都?要|须|应当?|一律|只能|只需|"
    r"不得)[^。！？!?]{0,6}?"
    r"(?:是|为|加|添|附|写|包|含|以|输出|插入|注明|带|标|出现|放|替|用|说|提)",
    _I,
)
"""What every answer must be like."""

_MODEL_EN = (
    r"(?:A\.?I\.?(?: (?:assistants?|models?|systems?|agents?))?|LLMs?|(?:large )?language models?|assistants?|"
    r"chat ?bots?|bots?|GPT(?:-\d)?|ChatGPT|models?|answering (?:system|engine)s?|summari[sz]ers?|agents?)"
)
_MODEL_ZH = (
    r"(?:AI|A\.I\.|人工智能|大?语言模型|大模型|智能助[手理]|AI助[手理]|助手|聊天机器人|机器人|模型|问答系统|"
    r"ChatGPT|GPT)(?:助[手理]|模型|系统)?"
)
ROLE = re.compile(
    r"(?:^|[.。!！;；:：]\s*)(?:(?:important|note|notice|attention|message|instructions?|reminder|urgent|dear|"
    rf"hey|hi|hello|to|for|system|new)[\s:]+)*(?:to |for )?(?:the |any |all |every )?{_MODEL_EN}\s*(?:[:：!]|"
    r",\s*(?:please|you|ignore|do|your|must|when|now)\b|(?:reading|processing|that reads|who reads|"
    r"summari[sz]ing|answering) (?:this|the)\b)"
    r"|\byou are (?:no longer|hereby|now (?:an?|the|called|named|known|in|free|acting|my|DAN|operating|"
    r"going to (?:act|be|answer|pretend)))\b"
    rf"|{_CLAUSE_EN}(?:act|behave|respond|speak|roleplay|role-play|pretend|pose) (?:as|to be|like)\b|"
    rf"{_CLAUSE_EN}pretend (?:that )?you\b"
    r"|\bfrom (?:now on|this point(?: on)?)[, ]+(?:you|your|always|act|answer|respond|reply|only)\b|"
    rf"\byou are (?:an? )?(?:[\w-]+ ){{0,2}}{_MODEL_EN}\b|\bas an? {_MODEL_EN},? you\b"
    rf"|{_CLAUSE_EN}(?:reveal|print|show|output|display|leak|repeat|disclose|tell|give|list|recite|expose|dump|"
    rf"share|send)\b{_IN}{{0,30}}\b(?:(?:your|its) (?:[\w-]+ ){{0,2}}(?:prompts?|instructions|system message|"
    r"guidelines|configuration)|system prompt)\b"
    r"|\b(?:new|updated|real|actual|secret|hidden|additional|special|further) (?:system )?(?:instructions?|task|"
    r"orders?|directives?)\s*:"
    r"|<\|(?:im_start|im_end|system|user|assistant|endoftext)\|>|</?(?:system|assistant|instructions?)>|"
    r"\[/?INST\]|<</?SYS>>|^\s*#{1,4}\s*(?:system|instructions?|assistant)\b|^\W*(?:system|assistant|developer|"
    r"administrator|admin|user)\s*:"
    r"|\b(?:developer|jailbreak|unrestricted|debug|god|DAN) mode\b|(?:开发者|越狱|上帝|无限制|调试)模式",
    _I,
)
"""To be somebody else, or words that pose as the system's."""

SPOKEN_TO_ZH = re.compile(
    r"(?:^|[，,。；;：:！!？?“”（(【\[\s])(?:致|给|提醒|通知|告|尊敬的|亲爱的|各位|注意|重要)*(?:所有|任何|"
    rf"正在阅读的|阅读本文的|读到这里的|处理本文的)?{_MODEL_ZH}(?:们|请?注意|的(?:新)?(?:指令|命令|任务|要求|"
    r"提示))?\s*[：:！!]"
    rf"|(?:如果|若|假如|凡是?|任何)你是[^，。]{{0,6}}{_MODEL_ZH}|(?:所有|任何|正在阅读|阅读|读到|"
    rf"处理)[^，。]{{0,10}}(?:的)?{_MODEL_ZH}(?:都|均)?(?:必须|务必|应|须|请|要)"
    r"|你(?:现在|今后|接下来)(?:起)?(?:是|扮演|变成|叫)|从(?:现在|此刻|这一刻|今)(?:起|开始)[，,]?\s*(?:你|请|"
    r"您|所有回答|只)|(?:请|你(?:要|来|必须|应|将)?)(?:扮演|假装|充当|模仿)|假[装设]你"
    r"|(?:泄露|透露|公开|输出|显示|打印|说出|告诉|展示|重复|复述|列出|给我看|写出|交出|"
    r"背出)[^。！？!?]{0,14}(?:系统提示|提示词|系统指令|初始指令|你的指令|system prompt|你的规则|你的设定|"
    r"隐藏指令|内部指令)|(?:将|把)[^。，]{0,4}(?:系统提示词?|提示词|系统指令)"
    r"|(?:^|[，,。；;：:！!？?“”（(【\[\s])(?:这是一?条?)?(?:新的?|最新|真正的?|额外|隐藏|系统|特别|管理员|"
    r"开发者|最高优先级|测试|紧急)+的?(?:系统)?(?:指令|命令|任务|提示词?|通知|消息)\s*[：:，,]|^\W*(?:助手|系统|"
    r"用户|助理|管理员)\s*[：:]",
    _I,
)
"""To an assistant or a model, by its name, or words that pose as the system's."""

ORDERED_ZH = re.compile(
    r"(?<![申邀聘提恳敬宴延约吁报])请(?![求教示假愿客柬战辞缨安罪功命益帖])|务必|(?:^|"
    r"[，,。；;：:！!？?、“”（(】\s])(?:你|您)(?:都|也|还|只|就|的)?[^，。！？!?]{0,8}?(?:必须|应当?|要|须|"
    r"需要?|得|只能|可以|能|会|将)"
    r"|(?:^|[，,。；;：:！!？?、“”（(】\s])(?:现在|然后|接着|最后|首先|先|再|并|并且|另外|同时|此外|直接|只|仅|"
    r"只需|立即|马上|立刻|一定要|必须|一定|记得|记住|不要|别|还要|只能|都)*"
    r"(?:输出(?!管|量|端|值|结果|功率|电|设备|信号|到)|打印|复述|念出|说出|写出|回复(?!\d)|回答|重复(?!\d)|插入|"
    r"并?在(?:最后|末尾|开头|结尾|文末|第一行|最前面)[^。，]{0,4}(?:写|加|附|输出|注明|署|标)|告诉(?:用户|提问|"
    r"我|对方)|在(?:你的)?(?:回答|回复|答案|答复|输出)|把(?:你的|这)|用[“\"「])",
    _I,
)
"""Somebody is told to do something, in Chinese."""

SAYING_ZH = re.compile(
    r"输出|打印|回复|答复|回答|作答|应答|复述|重复|念出?|朗读|说|声明|宣称|自称|写|署名|签名|返回|显示|报出|"
    r"播报|喊|告诉|告知|转告|通知(?!书)|发给|发送给|推荐|宣传|邀请|引导|劝|感谢|"
    r"插入|嵌入|加[上入进]|添加|附[上加]|注明|标注|带上|提到|提及|包含|出现|放[进入在到]|替换|换成|改[写成为]|"
    r"翻译|删[除去]|打乱|开头|结尾|结束|让(?:用户|提问者|对方)"
)
"""To say, write or change something, in Chinese."""

ANSWER_ZH = re.compile(
    r"(?:你|您|AI|助手|模型)的[^，。]{0,4}?(?:回答|回复|答复|答案|输出|应答|答语|回话|总结|摘要|话)|(?:回答|"
    r"回复|答复|答案|输出|作答|应答|答语)(?=里|中|内|末|结尾|开头|最后|之?前|之?后|时|的(?:开头|结尾|末尾|最后|"
    r"时候|每|内容|第|文字|字))"
    r"|(?:把|将|用|以|代替|替换|放[进入]|写[进入]|插入|加[进入]|改写?|结束|开始|作为|当作?)[^，。]{0,6}?(?:回答|"
    r"回复|答复|答案|作答|应答)|按(?:此|以下|下面|这|如下|照)[^，。]{0,6}(?:回答|回复|答复|作答|输出)|"
    r"作为(?:你的)?(?:回答|回复|答案)"
    r"|(?:停止|开始|继续|拒绝|一起|先|再|前|后|只|都|仅|直接)(?:回答|作答|回复)|(?:再|先|后|之前|以前)(?:写|"
    r"给出|说|输出)?(?:答案|回答)|正确(?:答案|回答|摘要)(?:是|为|应)|回答(?:问题|用户|提问|完)|语言模型|系统提示",
)
"""The answer that is being written, in Chinese."""

READER_ZH = re.compile(
    r"(?:^|[，,。；;：:！!？?“”（(【\[\s的是为])(?:AI|大?语言模型|大模型|智能助[手理]|AI助[手理]|助手|"
    rf"聊天机器人|ChatGPT)(?:助[手理])?(?=[，,：:！!。；;请必务都]|$)|作为[^，。]{{0,6}}{_MODEL_ZH}|读到(?:这|此)",
    _I,
)
"""Whoever writes the answer, in Chinese."""

USER_ZH = re.compile(
    r"让用户|用户|提问者|提问的人|使用者|被问(?:到|及|起)|有人问|问题(?:是|为|用|怎)|(?:无论|不管|"
    r"不论)[^，。]{0,10}问|读者"
)
"""Whoever asked, in Chinese."""

_SAID = (
    r"(?:\s+(?:only|just|exactly|back|out|with|the|this|that|following|word|words|phrase|code|string|text|"
    r"sentence|token|line|secret|password|keyword|passphrase|"
    r"tag|marker|identifier|message|nothing|but|else|by|saying|literal|exact|containing|verbatim|once|twice|"
    r"here|me|us|in|on|at|first|last|top|bottom|end|start|beginning|a|off))*\s*:?\s*"
)
SAYING_EN = re.compile(
    rf"{_CLAUSE_EN}(?:output|print|say(?!,)|mention|reply|respond|answer|repeat|echo|write|spell|recite|announce|"
    rf"declare|tell|emit|claim)\b(?! in the | (?:the )?forms?\b){_SAID}",
    _I,
)
"""To say or write something, in English."""

ADDING_EN = re.compile(
    rf"{_CLAUSE_EN}(?:include|add|append|insert|put|place|begin|start|end|finish|close|conclude|sign)\b{_SAID}", _I
)
"""To add something, in English; an order only with the very words."""

LITERAL = re.compile(
    r"[^。！？!?]{0,12}?(?:[\"'“‘「『《【][^\"'”’」』\n]{1,80}|\b[A-Z][A-Z0-9]*[-_][A-Z0-9][\w-]*|"
    r"\b[A-Z]+\d+\w*|\b\d+[A-Z]+\w*|(?<![A-Z] )\b[A-Z]{4,}\b(?! [A-Z]{2}))"
    r"|[^。！？!?\w]{0,3}(?:以下|下列|下面|如下|这)?[^。，！？!?]{0,6}?(?:口令|暗号|验证码|密码|密钥|识别码|"
    r"校验码|代号|字符串|代码|编号|标记|三遍|两遍|一遍)"
)
"""The very words or the code that are to be said, near the verb."""

CODE = re.compile(
    r"\b[A-Z0-9]{2,}[-_][A-Z0-9][\w-]*\b|\b[A-Z]{2,}\d{2,}\w*\b|https?://|\bwww\.|\b[\w-]+\.(?:com|xyz|net|top)\b"
)
"""What is likely to be part of an order that stands beside it."""
