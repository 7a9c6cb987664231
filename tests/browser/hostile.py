"""Texts that try to be markup, in every text that an act of the contract has: each with a mark of its own,
so that a page can be asked which of them it shows whole."""
import json
import os
import re

from gateway import CONTRACT, resolve
from world import ROOT, wait

LINE = '⟦{}⟧<img src=x onerror=hit=1>&lt;"\'⟦⟧'
BODY = ('⟦{}⟧<script>hit=1</script><svg/onload=hit=1>{{{{constructor.constructor("hit=1")()}}}}\n'
        '" onmouseover="hit=1\r\n\t=1+1 \u202e反\u202c 👨\u200d👩\u200d👧 <!-- ]]> </textarea></title>⟦⟧')
LINES = {"title", "class_code", "place_code", "foreign_system", "foreign_number", "report_form", "how", "organ", "notice_no",
         "opinion_no", "close_no", "approved_by", "countersigned_by", "docket_no", "official", "person", "media_type"}
SEALED = ("name", "id_number", "phone", "address")
# What nobody writes as he likes: numbers of records, secrets, names that have to stand among the leaders.
NOT_WRITTEN = {"query_code", "key_id", "other_case_no", "countersigned_by", "content_hash"}


def fields_of(kind):
    """The texts of an act that people write."""
    schema = CONTRACT["components"]["schemas"]["".join(w.capitalize() for w in kind.split("_")) + "Act"]
    return [name for name, of in schema["properties"].items()
            if name not in NOT_WRITTEN and "kind" != name and resolve(of).get("type") == "string"
            and not set(resolve(of)) & {"enum", "const", "pattern"}]


def kinds_with_texts():
    """Acts that people perform on cases."""
    found = []
    for name in CONTRACT["components"]["schemas"]:
        if name.endswith("Act") and name != "Act" and not name.startswith("Recorded"):
            kind = "".join("_" + c.lower() if c.isupper() else c for c in name[:-3]).lstrip("_")
            if fields_of(kind):
                found.append(kind)
    return found


class Writer:
    """Performs acts with hostile texts in every field that is not given, and keeps what was written."""

    def __init__(self):
        self.written = []  # of (mark, what, text)
        self.persons = {}  # case -> marks
        self.seen = set()  # (kind, field) that was accepted

    def text(self, what, form):
        text = form.format(len(self.written))
        self.written.append((what, text))
        return text

    def filled(self, kind, names, given):
        texts = {n: self.text(f"{kind}.{n}", LINE if n in LINES | {"name"} else BODY) for n in names if n not in given}
        self.seen |= {(kind, n) for n in names}
        return {**texts, **given}

    def act(self, client, number, kind, **given):
        """On a case; number "": on none."""
        fields = {k: v for k, v in self.filled(kind, fields_of(kind), given).items() if v is not None}
        body = {"kind": kind, **fields}
        return client.post(f"/v1/cases/{number}/acts" if number else "/v1/acts", body).json

    def register(self, client, **given):
        names = ("title", "content", "class_code", "place_code", "foreign_system", "foreign_number")
        begin = len(self.written)
        persons = [{n: self.text(f"person.{n}", LINE) for n in SEALED}]
        fields = {k: v for k, v in self.filled("register", names, given).items() if v is not None}
        made = client.post("/v1/cases", {"persons": persons, **fields}, 201).json
        self.persons[made["case_number"]] = range(begin, begin + len(SEALED))
        return made

    def erased(self, number):
        """Its persons are not to be shown any more: no text to look for."""
        for mark in self.persons.pop(number):
            self.written[mark] = ("", "")


def odd_records():
    """The odd records of the project, and those of JB_ODD_RECORDS: real ones that are not part of it."""
    with open(os.path.join(ROOT, "tests/data/odd_texts.jsonl"), encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    rows = [(r["title"], r["content"], "") for r in rows if r["expect"] == "accepted"]
    more = os.environ.get("JB_ODD_RECORDS")
    if more:
        with open(more, encoding="utf-8") as f:
            records = [json.loads(line)["record"] for line in f]
        # as a clerk would enter them: a title is one line and not empty, a NUL is no character
        rows += [(re.sub(r"[\x00-\x1f\x7f]", " ", r.get("title") or "无标题"), (r.get("text") or r.get("content") or "").replace("\0", ""),
                  (r.get("reply") or "").replace("\0", "")) for r in records]
    return rows


def arrives(client, number):
    wait(lambda: client.get(f"/v1/cases/{number}", None).status == 200, f"{number} at the agency")


def reaches(client, number, kind):
    """Its history has an act of this kind."""
    wait(lambda: any(i["kind"] == kind for i in client.get(f"/v1/cases/{number}?timeline=true", 200).json["timeline"]),
         f"{kind} of {number}")


def with_a_file(w, number):
    """A file of a strange name; its media type is kept and shown nowhere."""
    hash_of = w.clerk.put(f"/v1/cases/{number}/uploads/one", b"%PDF-1.4 <script>hit=1</script>", 200,
                          headers={"Content-Type": "application/octet-stream"}).json["content_hash"]
    w.writer.act(w.clerk, number, "attach", content_hash=hash_of, media_type=LINE.format("media type"))
    w.writer.seen.add(("attach", "media_type"))


def from_hand_to_hand(w, number):
    """Assigned, objected to, accepted, extended, answered, closed, opened again."""
    does, office, chief, bureau = w.writer.act, w.clerk, w.chief, w.bureau
    now = bureau.get("/v1/state").json["now_ms"]
    does(office, number, "note")
    with_a_file(w, number)
    does(office, number, "assign", node=w.zjj.node, authority="assign")
    arrives(bureau, number)
    does(bureau, number, "sign_for")
    does(bureau, number, "object")
    reaches(chief, number, "object")
    does(chief, number, "rule_on_objection", ruling="refused")
    reaches(bureau, number, "rule_on_objection")
    does(bureau, number, "accept", exit="residue", told_at_ms=now)
    does(bureau, number, "set_plan", due_ms=str(int(now) + 20 * 86400000))
    owed = next(d["deadline_id"] for d in bureau.get(f"/v1/cases/{number}").json["deadlines"] if d["key"] == "handle")
    does(bureau, number, "acknowledge", deadline_id=owed)
    planned = next(d["deadline_id"] for d in bureau.get(f"/v1/cases/{number}").json["deadlines"] if d["key"] == "plan")
    does(bureau, number, "fulfil", deadline_id=planned)
    does(w.bureau_head, number, "extend", days=20, deadline_id=owed, told_at_ms=now)
    does(bureau, number, "answer", opinion="supported", told_at_ms=now)
    does(bureau, number, "record_delivery", told_at_ms=now)
    does(bureau, number, "execute")
    reaches(office, number, "execute")
    does(office, number, "close")
    does(chief, number, "reopen", ground="new_facts")


def through_three_levels(w, number):
    does, office, bureau, county, city = w.writer.act, w.clerk, w.bureau, w.county_clerk, w.city_clerk
    now = bureau.get("/v1/state").json["now_ms"]
    does(office, number, "forward", node=w.zjj.node)
    arrives(bureau, number)
    does(bureau, number, "sign_for")
    does(bureau, number, "accept", exit="residue")
    does(bureau, number, "notify", told_at_ms=now)
    does(bureau, number, "answer", opinion="explained", told_at_ms=now)
    reaches(office, number, "answer")
    does(office, number, "request_review", received_at_ms=now)
    arrives(county, number)
    does(county, number, "give_review", opinion="not_supported", told_at_ms=now)
    reaches(office, number, "give_review")
    does(office, number, "request_recheck", received_at_ms=now)
    arrives(city, number)
    does(city, number, "start_hearing", from_ms=now)
    does(city, number, "end_hearing", until_ms=now)
    does(city, number, "give_recheck", opinion="not_supported", told_at_ms=now)
    does(city, number, "terminate")
    reaches(office, number, "terminate")
    does(w.chief, number, "erase_key", countersigned_by="wang")
    w.writer.erased(number)


def by_directives(w, number):
    """The six powers and the dockets."""
    does, chief, head = w.writer.act, w.chief, w.bureau_head
    due = str(int(chief.get("/v1/state").json["now_ms"]) + 20 * 86400000)
    does(w.clerk, number, "assign", node=w.zjj.node, authority="assign")
    arrives(head, number)
    does(chief, number, "urge", node=w.zjj.node)
    does(chief, number, "issue_directive", power="supervise", demand="explanation", audience=[w.zjj.node], due_ms=due,
         official=w.official, title=None)
    reaches(head, number, "issue_directive")
    head.act(number, "sign_directive", directive_no="2")
    does(head, number, "answer_directive", directive_no="2")
    reaches(chief, number, "answer_directive")
    does(chief, number, "clear_directive", directive_no="2", node=w.zjj.node)
    does(chief, number, "issue_directive", power="supervise", demand="explanation", audience=[w.zjj.node], due_ms=due,
         official=w.official, title=None)
    wait(lambda: any(d["directive_no"] == "3" for d in head.get(f"/v1/cases/{number}").json["directives"]), "the second")
    head.act(number, "sign_directive", directive_no="3")
    does(head, number, "object_directive", directive_no="3")
    reaches(chief, number, "object_directive")
    does(chief, number, "withdraw_directive", directive_no="3")
    docket = w.writer.text("docket.docket_no", LINE)
    does(chief, number, "open_docket", docket_no=docket, step="supervise", node=w.zjj.node, due_ms=due,
         title=None)
    does(chief, number, "step_docket", docket_no=docket, step="talk", due_ms=due)
    does(chief, number, "close_docket", docket_no=docket)


def whatever_else(w):
    """Acts that need a case of their own; the numbers of those."""
    does, office, chief, bureau = w.writer.act, w.clerk, w.chief, w.bureau
    now = office.get("/v1/state").json["now_ms"]
    fresh = lambda **given: w.writer.register(office, matter="appeal", **given)["case_number"]
    numbers = [fresh() for _ in range(9)]
    declined, handed, referred, classified, simple, linked, merged, split, disputed = numbers
    for number in (declined, handed, simple, disputed):
        does(office, number, "forward", node=w.zjj.node)
        arrives(bureau, number)
        does(bureau, number, "sign_for")
    does(bureau, declined, "decline", decline_kind="not_accepted", told_at_ms=now)
    does(bureau, handed, "handover", node=w.labour)
    does(chief, referred, "refer")
    does(chief, classified, "classify", matter="suggestion")
    does(chief, classified, "recuse")
    does(office, classified, "report_up", node=w.top)
    does(bureau, simple, "start_simple")
    does(bureau, simple, "turn_ordinary")
    does(office, linked, "link", other_case_no=merged, link_kind="related")
    does(office, merged, "merge", other_case_no=linked)
    part = fresh(other_case_no=split)
    does(office, split, "split", other_case_nos=[part])
    bureau.act(disputed, "object", reason="不属于本局职权。")
    reaches(chief, disputed, "object")
    chief.act(disputed, "rule_on_objection", ruling="refused", reason="属于。")
    reaches(bureau, disputed, "rule_on_objection")
    does(bureau, disputed, "escalate_dispute", node=w.top)
    arrives(w.county_clerk, disputed)
    does(w.county_head, disputed, "designate", node=w.zjj.node)
    does(chief, "", "end_delegation", official=w.official)
    w.writer.written[-1] = ("", "")  # its reason is for the record; no page has it
    return [*numbers, part]


def files_of_their_own(w):
    """Orders and dockets about no case, which have titles; the numbers of their files."""
    does, chief = w.writer.act, w.chief
    due = str(int(chief.get("/v1/state").json["now_ms"]) + 20 * 86400000)
    order = does(chief, "", "issue_directive", power="recommend", recommendation="policy", audience=[w.zjj.node],
                 due_ms=due, official=None)
    circular = does(chief, "", "issue_directive", power="circulate", audience=[w.zjj.node], official=None)
    docket = does(chief, "", "open_docket", step="supervise", node=w.zjj.node, due_ms=due)
    return [made["case_number"] for made in (order, circular, docket)]
