"""What a question asks for by its form has to be in the evidence, and what the question says itself does not count."""

import pytest

from assistant.asked_kinds import (
    asks_for_one_thing,
    missing_counted,
    missing_from_cited,
    missing_kinds,
    missing_of_sought,
)


@pytest.mark.parametrize(
    ("question", "held", "lacking"),
    [
        ("2021年一共有多少从业人员？", "全国有12万人。", "2021年,一切顺利。"),
        ("How many patients came?", "3,000 patients came.", "It cost RMB 30 million, 24.7% more."),
        ("图书馆有几层？", "它有三层。", "投资3000万元。"),
        ("图书馆一共有几层？", "大楼共12层。", "地址：6025号图书馆4楼。"),
        ("白皮书一共有多少页？", "全书210页。", "白皮书于2021年12月发布，四省占44.0%。"),
        ("协会有多少家会员单位？", "协会有1,200余个会员。", "版权：协会 © 2006-2016。"),
        ("深圳地铁有几条线路？", "地铁已开通16条线路。", "地址：6025号大厦4楼。"),
        ("试点放在几座城市？", "推动深圳、福州和嘉兴三地试点。", "2015年底推动试点。"),
        ("黄足笛鲷的上颌具有多少颗犬齿？", "上颌前端具2至4犬齿。", "1906年命名。"),
        ("航班上有多少人？", "机上132人全部罹难。", "调查在12个月内完成，搜寻范围为500公里。"),
        ("志愿者有多少名？", "There were 1,400 volunteers.", "There were volunteers."),
        ("镇上有多少人口？", "面积127平方公里，人口8.57万。", "面积127平方公里。"),
        ("公司第一季度营收是多少？", "营收462.7亿元。", "同比增长25%，研发占比为8%。"),
        ("进出口规模是多少美元？", "规模达6.05万亿美元。", "同比增长23.6%。"),
        ("四省占比是多少？", "占44.0%。", "共3000万元。"),
        ("What share do they hold?", "They hold nearly half of it.", "They spent 3 million dollars."),
        ("产业增速如何？", "增长24.7%。", "规模达3000万元。"),
        ("大会在哪一天召开？", "大会于2022年9月27日召开。", "大会于2022年召开。"),
        ("On what date was it signed?", "It was signed on 27 September 2022.", "It was signed in 2022."),
        ("培训持续多久？", "培训持续三个月。", "培训花费3000元。"),
        ("How old is he?", "He is 45 years old.", "He earns 300 dollars."),
        ("今天是星期几？", "今天是星期三。", "今天下雨。"),
        ("网址是什么？", "见 www.example.org 。", "邮箱：a@example.com。"),
        ("邮编是多少？", "邮编518000。", "电话：0755-88309115。"),
        ("2021年有多少钱？", "共3000万元。", "2021年很好。"),
        ("大桥主桥多长？", "主桥长504米。", "大桥即将合龙。"),
        ("How tall is the tower?", "It rises 300 metres.", "It was built of iron."),
        ("2022年全国棉花产量", "2022年产量597.7万吨。", "2022年产量下降。"),
        ("峰会举办时间", "峰会于11月9日开幕。", "峰会举行了论坛。"),
        ("上一个冰期何时結束？", "它在距今11600年结束。", "它影响很大。"),
        ("When did they change their minds?", "They did so when Germany built an empire.", "They were republicans."),
        ("這本書什麼時候出版？", "2008年出版。", "這本書很好。"),
    ],
)
def test_a_kind_that_decides(question: str, held: str, lacking: str) -> None:
    assert missing_kinds(question, [lacking, held]) == ()
    assert missing_kinds(question, [lacking])


@pytest.mark.parametrize(
    ("question", "held", "lacking"),
    [
        ("为什么选中嘉兴？", "由于嘉兴基础好。", "嘉兴是试点。"),
        ("Why was Jiaxing picked?", "It was picked because of its port.", "Jiaxing is a pilot."),
        ("哪个省的城市最多？", "广东最多。", "四省共44.0%。"),
        ("Which province has the most cities?", "Guangdong leads with the highest number.", "They hold 44.0%."),
        ("成都排第几？", "成都排名第十。", "成都是城市。"),
    ],
)
def test_a_kind_that_only_counts(question: str, held: str, lacking: str) -> None:
    assert missing_counted(question, [held]) == ()
    assert missing_counted(question, [lacking])
    assert missing_kinds(question, [lacking]) == ()


@pytest.mark.parametrize(
    "question",
    [
        "这被称为什么？",
        "最近有什么变化？",
        "谁最先提出这个概念？",
        "What is the interest rate for?",
        "Who has manifested?",
    ],
)
def test_words_that_only_look_like_it(question: str) -> None:
    assert missing_counted(question, ["别的。"]) == ()


def test_what_the_question_states_itself_is_no_answer() -> None:
    assert missing_kinds("300个站点之外还有多少个站点？", ["一共300个站点。"])


@pytest.mark.parametrize(
    ("question", "held", "lacking"),
    [
        ("哪个省的城市最多？", "广东最多。", "四省共44.0%。"),
        ("Which province has the most cities?", "Guangdong ranks first.", "Four provinces hold 44.0%."),
        ("平台是哪家公司建的？", "平台由华为建设。", "国家互联网信息办推动平台建设。"),
        ("文章登在哪个组织的网站上？", "发布机构：深圳市智慧城市产业协会。", "地址：深圳市福田区深南大道6025号。"),
        ("Which organisation published it?", "It was published by Microsoft.", "The address is Main Street 5."),
        ("最关键的推动力是什么？", "数据是城市发展核心驱动力。", "数据很多。"),
        ("Which company built it?", "It was built by Microsoft.", "The Ministry of Health wanted it."),
        ("产业规模是多少？", "规模达3000万元。", "规模很大。"),
    ],
)
def test_what_only_the_cited_sentences_can_hold(question: str, held: str, lacking: str) -> None:
    assert missing_from_cited(question, [lacking, held]) == ()
    assert missing_from_cited(question, [lacking])


def test_a_cause_may_stand_in_any_words() -> None:
    assert missing_from_cited("为什么选中嘉兴？", ["嘉兴是试点。"]) == ()


@pytest.mark.parametrize(
    ("question", "held", "lacking"),
    [
        ("男单冠军是谁？", "李诗沣夺得男单冠军。", "比赛在周末结束。"),
        ("Who won?", "In the end Rollo won.", "The match ended on a weekend."),
        ("国葬在哪里举行？", "国葬在威斯敏斯特教堂举行。", "国葬将于上午举行。"),
        ("首届大会在哪举办？", "首届大会将在天津举办。", "大会将发布倡议。"),
        ("哪些国家参加了演习？", "中国、印度和蒙古参加了演习。", "演习在俄罗斯开始。"),
        ("Which countries took part?", "China and India took part.", "It began in Russia."),
        ("Where is it?", "It stands in Lyon.", "It is very old."),
        ("何时发布？", "2015年12月发布。", "发布之前做了准备。"),
    ],
)
def test_what_a_further_sentence_is_read_for(question: str, held: str, lacking: str) -> None:
    assert missing_of_sought(question, [held]) == ()
    assert missing_of_sought(question, [lacking])


@pytest.mark.parametrize(
    "question", ["When it rains, what happens?", "所需时间长吗？", "雨天怎么办？", "什么用于计算横截面积？"]
)
def test_a_question_of_no_known_form_demands_nothing(question: str) -> None:
    assert missing_kinds(question, ["别的。"]) == ()


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("那几家公司在哪一年成立？", "它们成立于2006年。"),
        ("第几届大会在深圳举行？", "第四届大会在深圳举行。"),
        ("报告有多少页？", "The report has 210 pages."),
        ("广场包括哪几个部分？", "广场包括地下车库和地上广场。"),
        ("试点放在哪几座城市？", "试点放在深圳、福州和嘉兴。"),
    ],
)
def test_measure_words_are_asked_for_only_where_things_are_counted(question: str, text: str) -> None:
    assert not any("a count of these" in missing for missing in missing_kinds(question, [text]))


@pytest.mark.parametrize(
    "question",
    [
        "三个试點一共投入了多少資金？",
        "How many pages does it have?",
        "大厦一共有几层？",
        "四省占比是多少？",
        "什么时候启动？",
        "谁提出了数字孪生？",
        "Who proposed it?",
        "在哪里举行？",
        "哪家公司发布了白皮书？",
        "2022年全国棉花产量",
        "金雞獎最佳男主角？",
    ],
)
def test_one_thing_is_a_number_a_person_a_place_a_time_or_what_is_only_named(question: str) -> None:
    assert asks_for_one_thing(question)


@pytest.mark.parametrize(
    "question",
    [
        "规模和从业人数各是多少？",
        "哪几座城市？",
        "哪些公司参与了？",
        "哪三家机构发布的？",
        "智慧城市是什么？",
        "数字政府如何提高效率？",
        "介绍智慧城市的发展阶段",
        "为什么难以弥合？",
        "有没有法律保障？",
        "What is a smart city?",
        "smart city",
    ],
)
def test_several_things_and_what_is_explained_in_words_are_not_one_thing(question: str) -> None:
    assert not asks_for_one_thing(question)
