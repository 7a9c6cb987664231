"""Stories that a clerk can read, played by real agents through the command line. See
tests/stories/README.md for the words."""
import datetime
import json
import os
import re

from tap import Failure
from world import run as program, wait

SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))

# 动词: verb of the command line, and the option that a text without a word in front belongs to
VERBS = {
    "登记": ("register", "--title"), "交办": ("assign", None), "转送": ("forward", None),
    "移交": ("handover", None), "移送": ("refer", "--organ"), "签收": ("sign", None),
    "受理": ("accept", None), "不予受理": ("decline", "--reason"), "告知": ("notify", None),
    "送达": ("deliver", "--how"), "异议": ("object", "--reason"),
    "同意异议": ("rule agree", "--reason"), "不同意异议": ("rule refuse", "--reason"),
    "报请裁决": ("escalate", "--reason"), "指定": ("designate", "--basis"), "延期": ("extend", "--reason"),
    "答复": ("answer", "--text"), "落实": ("execute", "--text"), "办结": ("close", "--text"),
    "备注": ("note", "--text"), "报告": ("report-up", "--text"), "分类": ("classify", "--reason"),
    "简易办理": ("simple", "--reason"), "转普通": ("ordinary", "--reason"),
    "关联": ("link", "--reason"), "并案": ("merge", "--reason"), "重启": ("reopen", "--reason"),
    "回避": ("recuse", "--reason"), "申请复查": ("request-review", "--text"),
    "复查": ("review", "--text"), "申请复核": ("request-recheck", "--text"),
    "复核": ("recheck", "--text"), "听证开始": ("hearing start", "--text"),
    "听证结束": ("hearing end", "--text"), "终结": ("terminate", "--text"),
    "查办": ("investigate", "--text"), "协调": ("coordinate", "--text"),
    "督查": ("supervise", "--text"), "召集": ("summon", "--text"), "通报": ("circulate", "--title"),
    "建议": ("recommend", "--text"), "会签": ("directive countersign", "--countersigned-by"),
    "签收指令": ("directive sign", None), "回复指令": ("directive answer", "--text"),
    "销号": ("directive clear", "--text"), "对指令异议": ("directive object", "--reason"),
    "撤回": ("directive withdraw", "--reason"), "授权": ("delegate", None),
    "立卷": ("docket open", "--text"), "升级": ("docket step", "--text"),
    "结卷": ("docket close", "--text"), "催办": ("urge", "--text"), "包案": ("plan", "--text"),
    "兑现": ("fulfil", "--text"), "评价": ("rate", None),
}
OPENS = {"登记", "通报", "立卷", "查办", "协调", "督查", "召集", "建议"}

# 说明: option of the command line
OPTIONS = {
    "给": "--to", "协办": "--co", "期限": "--due", "内容": "--text", "诉求": "--content", "理由": "--reason",
    "依据": "--basis", "批准人": "--approved-by", "会签人": "--countersigned-by", "领导": "--official",
    "天数": "--days", "意见": "--opinion", "文号": "--opinion-no", "通知书": "--notice",
    "报告": "--report", "告知日": "--told", "方式": "--how", "出口": "--exit", "人数": "--people",
    "标记": "--flag", "信访人": "--person", "被控单位": "--accused", "种类": "--kind", "渠道": "--channel",
    "主办": "--host", "要求": "--demand", "卷号": "--docket", "环节": "--step", "对象": "--agency",
    "人员": "--person", "代收": "--taken-by", "收到": "--received", "从": "--from", "至": "--until",
    "指令": "--directive", "层级": "--authority", "第二人": "--countersigned-by", "另案": "--other",
    "关系": "--as", "缘由": "--ground", "办结号": "--close-no", "标题": "--title", "地点": "--place",
    "内容分类": "--class", "单位": "--party", "结果": "--satisfaction", "涉及": "--about",
    "期限号": "--deadline", "经手人": "--on-behalf-of", "完成日": "--done",
}
SWITCHES = {"采纳": "--adopted", "不再受理": "--no-longer"}

WORDS = {
    "申诉求决": "appeal", "建议意见": "suggestion", "检举控告": "accusation",
    "信": "letter", "访": "visit", "网": "online", "电": "phone",
    "支持": "supported", "解释说明": "explained", "不予支持": "not-supported",
    "第一交办": "first-assignment", "一般交办": "assign", "联席会议": "joint-conference",
    "重复": "repeat", "紧急": "urgent", "跨界": "cross-boundary", "联名": "joint",
    "新事实": "new-facts", "上级要求": "ordered", "相关": "related",
    "说明情况": "explanation", "报告进展": "progress", "实地核查": "on-site", "限期改正": "correction",
    "改进工作": "work", "完善政策": "policy", "追究责任": "account",
    "催办": "urge", "督办": "supervise", "约谈": "talk", "通报": "circular", "挂牌": "listed",
    "限期整改": "rectify", "提请追责": "hold-to-account",
    "信访部门": "office", "承办单位": "handler", "满意": "satisfied", "基本满意": "basically",
    "不满意": "not", "诉讼": "litigation", "仲裁": "arbitration", "行政复议": "admin-review",
    "履行保护职责": "protective-duty"
}
STAGES = ["", "已登记", "待签收", "已签收", "已受理", "不予受理", "已答复", "已移送", "已办结", "已并案", "复查中",
          "已复查", "复核中", "已复核", "三级终结", "专卷"]
KEYS = {"分送": "sort", "告知": "notify", "异议": "object", "裁定": "rule", "重新分送": "resort",
        "办理": "handle", "交办": "assigned", "申请复查": "ask-review", "复查": "review",
        "申请复核": "ask-recheck", "复核": "recheck", "简易受理": "simple-accept",
        "简易答复": "simple-answer", "建议": "recommend", "紧急报告": "urgent", "评价": "rate",
        "签收": "sign", "沉默": "silence", "送达": "deliver", "协办答复": "co-answer", "裁决": "settle",
        "落实": "execute", "查办": "investigate", "协调": "coordinate", "督查": "supervise",
        "通报": "circulate", "召集": "summon", "督办卷": "docket", "承诺": "plan"}
ENDS = {"在办": 0, "按期": 1, "逾期完成": 2, "取消": 3, "被取代": 4}
TARGETS = ["", "已下达", "已签收", "已回复", "已销号", "有异议", "已撤回", "被取代"]
STEPS = ["", "催办", "督办", "约谈", "通报", "挂牌", "限期整改", "提请追责"]
RATINGS = ["", "待评价", "已投出", "已公开", "逾期未评"]
SATISFACTION = ["", "满意", "基本满意", "不满意"]

TOKEN = re.compile(r"「([^」]*)」|(\S+)")


def tokens(line):
    """[(text, quoted)]"""
    return [(m.group(1), True) if m.group(1) is not None else (m.group(2), False)
            for m in TOKEN.finditer(line)]


class Story:
    """One file: its title, its articles, its lines."""

    def __init__(self, path):
        self.path, self.title, self.basis, self.lines = path, "", "", []
        with open(path, encoding="utf-8") as f:
            for number, raw in enumerate(f, 1):
                line = raw.split("#", 1)[0].strip()
                if line.startswith("故事："):
                    self.title = line[3:]
                elif line.startswith("依据："):
                    self.basis = line[3:]
                elif line:
                    self.lines.append((number, line))
        if not self.title or not self.basis or not self.lines:
            raise Failure(f"{path}: 故事, 依据 or lines are missing")


class Player:
    """Plays stories in one world of agencies, each with its own agent."""

    def __init__(self, world):
        self.world = world  # .agencies: name -> agent; .set_time(datetime); .now()
        self.cases, self.codes, self.last_said = {}, {}, ""

    def play(self, story):
        self.cases, self.codes = {}, {}
        for number, line in story.lines:
            try:
                self.line(line)
            except Failure as error:
                raise Failure(f"{os.path.basename(story.path)}:{number}: {line}\n{error}") from None

    def line(self, line):
        words = tokens(line)
        head = words[0][0]
        if head == "时间":
            self.world.set_time(instant(" ".join(w for w, _ in words[1:])))
        elif head == "过":
            self.world.set_time(self.world.now() + span(words[1][0], words[2][0]))
        elif head == "应当":
            self.expect(words[1:])
        elif head in ("断网", "恢复", "停机", "开机", "撤销", "安装"):
            getattr(self.world, {"断网": "cut", "恢复": "restore", "停机": "broker_down",
                                 "开机": "broker_up", "撤销": "retire", "安装": "install"}[head])(
                *[w for w, _ in words[1:]])
        elif head in self.world.agencies:
            self.act(head, words[1:])
        else:
            raise Failure(f"nobody and nothing is called {head}")

    # ---- acts

    def act(self, who, words):
        refusal = None
        if len(words) >= 2 and words[-2][0] == "拒绝":
            refusal, words = words[-1][0], words[:-2]
        verb, free_text = VERBS.get(words[0][0], (None, None))
        if verb is None:
            raise Failure(f"unknown verb {words[0][0]}")
        arguments, opens, name = verb.split(), None, words[0][0]
        rest = words[1:]
        if name == "授权":
            arguments.append(rest.pop(0)[0])
        elif rest and not rest[0][1] and rest[0][0].endswith(("案", "卷")) and rest[0][0] not in OPTIONS:
            case = rest.pop(0)[0]
            if case in self.cases:
                self.case_argument(arguments, verb, self.cases[case])
            else:
                opens = case
        if name in ("关联", "并案") and rest and not rest[0][1] and rest[0][0] in self.cases:
            arguments += ["--other", self.cases[rest.pop(0)[0]]]
        self.options(arguments, rest, free_text, name)
        if name == "评价":
            arguments += ["--code", self.codes[case]]
        said = self.cli(who, *arguments, status=3 if refusal else 0)
        if refusal and said.get("name") != refusal:
            raise Failure(f"refused with {said.get('name')} ({said.get('detail')}), wanted {refusal}")
        if opens and not refusal:
            self.cases[opens] = said["case_number"]
            self.codes[opens] = said.get("query_code")

    @staticmethod
    def case_argument(arguments, verb, number):
        if verb.startswith("rule "):
            arguments.insert(1, number)
        else:
            arguments.append(number)

    def options(self, arguments, rest, free_text, name):
        while rest:
            word, quoted = rest.pop(0)
            if quoted:
                if free_text is None:
                    raise Failure(f"「{word}」 stands alone")
                arguments += [free_text, word]
            elif word in SWITCHES:
                arguments.append(SWITCHES[word])
            elif word in OPTIONS:
                if not rest:
                    raise Failure(f"{word} says nothing")
                arguments += [self.option(word, name), self.value(word, rest.pop(0)[0], name)]
            else:
                raise Failure(f"unknown word {word}")

    @staticmethod
    def option(word, name):
        if word == "领导" and name == "包案":
            return "--leader"
        if word == "内容" and name == "登记":
            return "--content"
        return OPTIONS[word]

    def value(self, word, value, name):
        if word == "信访人":
            return f"name={value},main"
        if word in ("另案", "涉及"):
            return self.cases[value]
        if value == "今天":
            return self.world.now().date().isoformat()
        if value in self.cases:
            return self.cases[value]
        parts = value.split("、")
        if all(p in self.world.agencies for p in parts):
            return ",".join(self.world.agencies[p].code for p in parts)
        if value == "通报" and word != "环节":
            return value
        return ",".join(WORDS.get(p, p) for p in parts)

    def cli(self, who, *arguments, status=0):
        agent = self.world.agencies[who]
        done = program("jiaoban", "--socket", agent.socket, "--json", *arguments, status=None)
        if done.returncode != status:
            raise Failure(f"jiaoban {' '.join(arguments)}: status {done.returncode}, wanted {status}\n"
                          f"{done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    # ---- what should be

    def expect(self, words):
        plain = [w for w, _ in words]
        if plain[0] in self.world.agencies:
            self.expect_agency(plain)
            return
        case, what = plain[0], plain[1:]
        last = {}

        def holds():
            view = self.view(case)
            try:
                last["is"] = self.check(view, list(what))
            except KeyError as error:
                raise Failure(f"unknown word {error}") from None
            return last["is"] == ""
        try:
            wait(holds, "it")
        except Failure:
            raise Failure(last.get("is", "?")) from None

    def view(self, case):
        """The case as its registrar sees it."""
        number = self.cases[case]
        node = int(number.replace("-", "")[8:13])
        who = next(n for n, a in self.world.agencies.items() if a.node == node)
        return self.cli(who, "show", number)

    def node(self, name):
        return self.world.agencies[name].node

    def check(self, view, what):
        """"" or how it differs."""
        subject = what.pop(0)
        if subject == "阶段":
            return differ(STAGES[view["stage"]], what[0])
        if subject == "承办":
            return differ(view["host_name"], what[0])
        if subject == "期限":
            return self.check_deadline(view, what)
        if subject == "指令":
            return self.check_directive(view, what)
        if subject == "督办卷":
            dockets = {d["docket_no"]: d for d in view.get("dockets", [])}
            if what[0] not in dockets:
                return f"dockets: {list(dockets)}"
            docket = dockets[what[0]]
            if what[1] == "已结":
                return "" if docket.get("closed_at_ms") else "it is open"
            return differ(STEPS[docket["step"]], what[2])
        if subject == "送达":
            return self.check_delivered(view, what[0])
        if subject == "评价":
            party = {"信访部门": 1, "承办单位": 2}[what[0]]
            rating = next((r for r in view.get("ratings", []) if r["party"] == party), {})
            state = RATINGS[rating.get("state", 0)]
            if what[1] in RATINGS:
                return differ(state, what[1])
            return differ(SATISFACTION[rating.get("satisfaction", 0)], what[1])
        if subject == "简易":
            return differ("是" if view.get("simple") else "否", what[0])
        if subject == "争议":
            return differ(view.get("arbiter_name", "无"), what[0])
        if subject == "关联":
            return "" if any(lk["number"] == self.cases[what[0]] for lk in view.get("links", [])) \
                else f"links: {view.get('links')}"
        raise Failure(f"cannot look at {subject}")

    def check_delivered(self, view, who):
        """The office has the receiving agency's signed receipt."""
        registrar = next(n for n, a in self.world.agencies.items() if a.node == view["registrar"])
        rows = self.cli(registrar, "deadlines", view["number"], "--all").get("deadlines", [])
        owed = [d for d in rows if d["node"] == self.node(who)]
        return "" if owed and all(d.get("stored_at_ms") for d in owed) else "no receipt yet"

    def check_deadline(self, view, what):
        """期限 办理 [属 单位] [到 DATE] [状态 在办|按期|…] [超期|未超期] [暂定] [无]"""
        key = KEYS[what.pop(0)]
        all_of_key = [d for d in view.get("deadlines", []) if d["key"] == key]
        if what and what[0] == "属":
            wanted = self.node(what[1])
            all_of_key = [d for d in all_of_key if d["node"] == wanted]
            what = what[2:]
        running = [d for d in all_of_key if not d.get("end")]
        if what and what[0] == "无":
            return "" if not running else f"{len(running)} run"
        if not all_of_key:
            return "there is none"
        d = (running or all_of_key)[-1]
        while what:
            word = what.pop(0)
            if word == "到":
                day = datetime.datetime.fromtimestamp(int(d["due_ms"]) / 1000 - 1, SHANGHAI).date().isoformat()
                if day != what[0]:
                    return f"due on {day}"
                what.pop(0)
            elif word == "状态":
                if d.get("end", 0) != ENDS[what[0]]:
                    return f"ended as {d.get('end', 0)}"
                what.pop(0)
            elif word in ("超期", "未超期"):
                if bool(d.get("missed_at_ms")) != (word == "超期"):
                    return f"missed: {d.get('missed_at_ms')}"
            elif word in ("暂定", "确定"):
                if bool(d.get("provisional")) != (word == "暂定"):
                    return f"provisional: {d.get('provisional')}"
            else:
                raise Failure(f"unknown word {word}")
        return ""

    def check_directive(self, view, what):
        number, rest = int(what[0]), what[1:]
        found = [d for d in view.get("directives", []) if int(d["directive_no"]) == number]
        if not found:
            return f"no directive {number}: {view.get('directives')}"
        if rest[0] == "待会签":
            return "" if found[0]["status"] == 1 else f"status {found[0]['status']}"
        target = next((t for t in found[0].get("targets", []) if t["node"] == self.node(rest[1])), None)
        if target is None:
            return "not addressed to it"
        return differ(TARGETS[target["state"]], rest[2])

    def expect_agency(self, words):
        """应当 县纪委 看不到 甲案 | 看得到 甲案 | 有提醒 甲案 [KIND] | 无权查看 ..."""
        who, what, case = words[0], words[1], words[2]
        number = self.cases[case]
        if what in ("看不到", "看得到"):
            def seen():
                agent = self.world.agencies[who]
                done = program("jiaoban", "--socket", agent.socket, "--json", "show", number, status=None)
                return done.returncode == (4 if what == "看不到" else 0)
            wait(seen, f"{who} {what} {number}")
        elif what == "有提醒":
            wanted = words[3] if len(words) > 3 else None

            def alarmed():
                return any(a.get("number") == number and (wanted is None or a.get("kind") == wanted)
                           for a in self.cli(who, "alarms", "--limit", "1000").get("alarms", []))
            wait(alarmed, f"an alarm at {who} about {number}")
        elif what == "被建议":
            step = STEPS.index(words[3])

            def proposed():
                return any(p["node"] == self.node(who) and p["step"] == step
                           for a in self.world.offices for p in
                           self.cli(a, "proposals", number).get("proposals", []))
            wait(proposed, f"the proposal of {words[3]} for {who}")
        elif what in ("查询到", "查询不到"):
            self.expect_query(words)
        else:
            raise Failure(f"unknown word {what}")

    def expect_query(self, words):
        """应当 县信访局 查询到 甲案 姓名 张三 见 registered、answered"""
        who, what, case = words[:3]
        name = words[4]
        agent = self.world.agencies[who]
        done = program("jiaoban", "--socket", agent.socket, "--json", "query", name, self.codes[case], status=None)
        if what == "查询不到":
            if done.returncode != 4:
                raise Failure(f"status {done.returncode}: {done.stdout}")
            return
        seen = [r["what"] for r in json.loads(done.stdout).get("rows", [])]
        for wanted in words[6].split("、"):
            if wanted not in seen:
                raise Failure(f"{wanted} is not among {seen}")


def differ(got, wanted):
    return "" if got == wanted else f"it is {got}"


def instant(text):
    return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)


def span(number, unit):
    return datetime.timedelta(**{{"天": "days", "小时": "hours", "分钟": "minutes"}[unit]: int(number)})
