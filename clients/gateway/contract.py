#!/usr/bin/python3
"""The contract: contract.yaml, which people write, and after it the schemas of the protocol's
messages, made from proto/schema.

    clients/gateway/contract.py          write clients/gateway/openapi.yaml
    clients/gateway/contract.py --check  fail if it is not what would be written

Needs protoc and python3-protobuf."""
import os
import re
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(HERE, "openapi.yaml")
SCHEMAS = ["proto/schema/local.proto", "proto/schema/entry.proto", "proto/schema/act.proto"]

# Messages of replies that a response shows, with whatever they hold.
VIEWS = ["SettledView", "CaseList", "CaseView", "DeadlineList", "NodeList", "PendingList", "StatusView",
         "VerifyView", "WatchEvent", "AlarmList", "DirectiveList", "DocketList", "ProposalList",
         "DelegationList", "ExplainList", "ReceiptList", "RuleList", "PublicView", "ReportView", "RightsView",
         "AuditList", "TrialView", "ActionList", "TodayView", "Done"]
# Listings that go on: the gateway adds `next`.
PAGED = {"CaseList", "DeadlineList", "DirectiveList", "DocketList", "PendingList", "ProposalList", "AuditList", "ReceiptList"}
# Numbers that are words of the vocabulary: field, or message.field.
WORDS = {"stage": "Stage", "matter": "Matter", "channel": "Channel", "authority": "Authority",
         "exit": "Exit", "opinion": "Opinion", "review_opinion": "Opinion",
         "recheck_opinion": "Opinion", "level": "Level", "node_kind": "NodeKind", "power": "Power",
         "demand": "Demand", "recommendation": "Recommendation", "step": "LadderStep", "unit": "Unit",
         "end": "DeadlineEnd", "role": "Role", "party": "RatedParty", "satisfaction": "Satisfaction",
         "DirectiveView.status": "DirectiveStatus", "TargetView.state": "TargetState",
         "RatingView.state": "RatingState", "LinkView.kind": "LinkKind"}
NOT_WORDS = {"RoleView.role"}
# Of acts: what clients do not give, since the agent fills it in, and what they give beside the act.
SEALED = {"sealed", "query_code_hash", "size_bytes"}
BESIDE = {"register": "persons: {description: 'Sealed by the agent', type: array, maxItems: 64, "
                      "items: {$ref: '#/components/schemas/PersonView'}}",
          "rate": "query_code: {description: \"The petitioner's; only its hash is kept\", type: string}",
          "attach": "note: {description: 'What there is to say of the file; sealed like its name', type: string, maxLength: 4096}"}
ELSEWHERE = {"register"}  # has a request of its own
LINE_BYTES, TEXT_BYTES = 1024, 262144
TEXTS = {"content", "text", "reason", "basis", "report"}

F = descriptor_pb2.FieldDescriptorProto


class Schema:
    def __init__(self):
        with tempfile.NamedTemporaryFile() as out:
            subprocess.run(["protoc", f"-I{ROOT}", "--include_imports", "--include_source_info",
                            f"--descriptor_set_out={out.name}", *SCHEMAS], check=True, cwd=ROOT)
            files = descriptor_pb2.FileDescriptorSet.FromString(out.read())
        self.messages, self.enums, self.notes = {}, {}, {}
        for file in files.file:
            self._take(file)

    def _take(self, file):
        for message in file.message_type:
            self.messages[message.name] = message
        for enum in file.enum_type:
            self.enums[enum.name] = enum
        for place in file.source_code_info.location:
            if len(place.path) == 4 and place.path[0] == 4 and place.path[2] == 2:
                message = file.message_type[place.path[1]]
                note = place.trailing_comments.strip()
                line = place.span[0]
                self.notes.setdefault((message.name, line), []).append(
                    (message.field[place.path[3]].name, note))
            if len(place.path) == 2 and place.path[0] == 4:
                note = place.leading_comments.strip()
                message = file.message_type[place.path[1]]
                if note and "\n" not in note and not note.startswith("----"):
                    self.notes[message.name] = note

    def note_of_field(self, message, field):
        """Only where the field stands alone on its line: the comment is then about it."""
        for (name, _), fields in ((k, v) for k, v in self.notes.items() if isinstance(k, tuple)):
            if name == message and len(fields) == 1 and fields[0][0] == field:
                return " ".join(fields[0][1].split())
        return ""

    def words(self, enum):
        """Number and word, as the gateway's JSON has them."""
        names = [v.name for v in self.enums[enum].value]
        prefix = os.path.commonprefix(names)
        prefix = prefix[:prefix.rfind("_") + 1]
        return [(v.number, v.name[len(prefix):].lower()) for v in self.enums[enum].value]


def ref(name):
    return f"$ref: '#/components/schemas/{name}'"


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def enum_name(words):
    return f"enum: [{', '.join(w for _, w in words)}]"


def scalar(schema, message, field):
    """The inside of a flow mapping."""
    key = field.type_name.rsplit(".", 1)[-1]
    if field.type == F.TYPE_MESSAGE:
        return ref(key)
    if field.type == F.TYPE_ENUM:
        return enum_name(schema.words(key))
    if field.type == F.TYPE_STRING:
        return "type: string"
    if field.type == F.TYPE_BOOL:
        return "type: boolean"
    if field.type == F.TYPE_BYTES:
        return "type: string, contentEncoding: base64"
    if field.type == F.TYPE_INT64:
        return ref("Int64")
    if field.type == F.TYPE_UINT64:
        return ref("UInt64")
    own = f"{message}.{field.name}"
    words = WORDS.get(own, WORDS.get(field.name) if own not in NOT_WORDS else None)
    if words:
        list_of = ", ".join(f"'{n}': {w}" for n, w in schema.words(words))
        return f"{ref('UInt32')}, x-words: {{{list_of}}}"
    return ref("UInt32")


def member(schema, message, field, note):
    inside = scalar(schema, message, field)
    if field.label == F.LABEL_REPEATED:
        inside = f"type: array, items: {{{inside}}}"
    if note:
        inside = f"description: {quoted(note)}, {inside}"
    return f"{field.name}: {{{inside}}}"


def view(schema, name):
    """One message of a reply as a schema."""
    message = schema.messages[name]
    lines = [f"{name}:", "  type: object"]
    if schema.notes.get(name):
        lines.insert(1, f"  description: {quoted(schema.notes[name])}")
    lists = [f.name for f in message.field if f.label == F.LABEL_REPEATED]
    if lists:
        lines.append(f"  required: [{', '.join(lists)}]")
    lines.append("  properties:")
    for field in message.field:
        if name == "TimelineItem" and field.name == "act":
            lines.append("    act: {description: What was done, $ref: '#/components/schemas/RecordedAct'}")
            continue
        lines.append("    " + member(schema, name, field, schema.note_of_field(name, field.name)))
    if name in PAGED:
        lines.append("    next: {description: Cursor of the next page; absent at the end, type: string}")
    return lines


def closure(schema, names):
    """These messages and all that they hold, in order of first use."""
    found, todo = [], list(names)
    while todo:
        name = todo.pop(0)
        if name in found:
            continue
        found.append(name)
        todo[:0] = [f.type_name.rsplit(".", 1)[-1] for f in schema.messages[name].field
                    if f.type == F.TYPE_MESSAGE]
    return found


def kinds(schema):
    """(kind, message) of every act, in the order of the schema."""
    return [(f.name, f.type_name.rsplit(".", 1)[-1]) for f in schema.messages["Act"].field
            if f.type == F.TYPE_MESSAGE]


def rights():
    """Words of the rights, the right of each kind of act, words of the roles."""
    with open(os.path.join(ROOT, "proto/PROTOCOL.md"), encoding="utf-8") as f:
        block = f.read().split("<!-- block rights -->")[1].split("<!-- end -->")[0]
    of_act, words = {}, []
    for row in block.strip().splitlines()[2:]:
        cells = [c.strip() for c in row.strip("|").split("|")]
        words.append(cells[0])
        for kind in filter(None, (k.strip() for k in cells[2].split(","))):
            of_act[kind] = cells[0]
    with open(os.path.join(ROOT, "proto/rules/staff.h"), encoding="utf-8") as f:
        roles = re.findall(r"X\([A-Z]+, ([a-z]+)\) *\\?\n", f.read().split("JB_STAFF(X)")[1].split("enum")[0] + "\n")
    return words, of_act, roles


def act_name(kind):
    return "".join(w.capitalize() for w in kind.split("_")) + "Act"


def act_members(schema, kind, message, given):
    """given: as clients give it; else as it is on record."""
    lines = []
    for field in schema.messages[message].field:
        if given and field.name in SEALED:
            continue
        text = member(schema, message, field, schema.note_of_field(message, field.name))
        if given and field.type == F.TYPE_STRING and field.label != F.LABEL_REPEATED:
            limit = TEXT_BYTES if field.name in TEXTS else LINE_BYTES
            text = text[:-1] + f", maxLength: {limit}}}"
        if given and field.name in ("other_case_no", "other_case_nos"):
            text = text.replace(ref("Int64"), ref("CaseNumber"))
        lines.append(text)
    if given and kind in BESIDE:
        lines.append(BESIDE[kind])
    return lines


def act(schema, kind, message, right, given, name):
    lines = [f"{name}:", "  type: object"]
    if schema.notes.get(message):
        lines.append(f"  description: {quoted(schema.notes[message])}")
    if right and given:
        lines.append(f"  x-right: {right}")
    if kind not in ELSEWHERE or not given:
        lines.append("  required: [kind]")
    lines.append("  properties:")
    if kind not in ELSEWHERE or not given:
        lines.append(f"    kind: {{const: {kind}}}")
        if given:
            lines.append("    custody: {description: 'The custody number that it is based on; absent: the one "
                         "that the agent knows', $ref: '#/components/schemas/UInt32'}")
        else:
            lines.append("    case_no: {$ref: '#/components/schemas/Int64'}")
            lines.append("    custody: {$ref: '#/components/schemas/UInt32'}")
    lines += ["    " + m for m in act_members(schema, kind, message, given)]
    return lines


def acts(schema, of_act):
    lines = []
    given = [k for k, _ in kinds(schema) if of_act.get(k, "system") != "system"]
    lines += ["Act:", "  description: An act as clients give it; which members a kind has stands at its schema",
              "  oneOf:"]
    lines += [f"    - {{{ref(act_name(k))}}}" for k in given if k not in ELSEWHERE]
    lines += ["  discriminator:", "    propertyName: kind", "    mapping:"]
    lines += [f"      {k}: '#/components/schemas/{act_name(k)}'" for k in given if k not in ELSEWHERE]
    for kind, message in kinds(schema):
        if kind in given and kind not in ELSEWHERE:
            lines += act(schema, kind, message, of_act[kind], True, act_name(kind))
    lines += act(schema, "register", "Register", "register", True, "Registration")
    lines += ["RecordedAct:", "  description: An act as it stands in the record", "  type: object",
              "  required: [kind]", "  properties: {kind: {type: string}}", "  oneOf:"]
    lines += [f"    - {{{ref('Recorded' + act_name(k))}}}" for k, _ in kinds(schema)]
    for kind, message in kinds(schema):
        lines += act(schema, kind, message, of_act.get(kind), False, "Recorded" + act_name(kind))
    return lines


def made(schema):
    words, of_act, roles = rights()
    lines = ["# ---- from here on made from proto/schema by contract.py ----",
             f"Right: {{enum: [{', '.join(words)}]}}", f"Role: {{enum: [{', '.join(roles)}]}}"]
    for name in closure(schema, VIEWS):
        lines += view(schema, name)
    held = [m for _, message in kinds(schema) for m in closure(schema, [message])[1:]]
    for name in closure(schema, held):
        lines += view(schema, name)
    return lines + acts(schema, of_act)


def main():
    schema = Schema()
    with open(os.path.join(HERE, "contract.yaml"), encoding="utf-8") as f:
        written = f.read()
    text = "# Made by contract.py from contract.yaml and proto/schema; not for editing.\n" + written
    text += "".join(f"    {line}\n" for line in made(schema))
    if "--check" in sys.argv[1:]:
        with open(OUT, encoding="utf-8") as f:
            if f.read() != text:
                print(f"{OUT}: not what contract.py makes: run `make contract`", file=sys.stderr)
                return 1
        return 0
    with open(OUT, "w", encoding="utf-8") as f:
        f.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
