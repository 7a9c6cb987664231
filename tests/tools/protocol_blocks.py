#!/usr/bin/python3
"""The parts of proto/PROTOCOL.md that repeat what the code says: tables from the headers, examples
from frame_examples. Printing shows them, --write puts them into the document; the test of the
document compares. Usage: protocol_blocks.py BUILD [--write]"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOCUMENT = os.path.join(ROOT, "proto", "PROTOCOL.md")


def source(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def c_text(text):
    """The value of adjacent C string literals."""
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', text)).replace('\\"', '"')


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows])


def refusal_rows():
    text = source("proto/rules/refusal.h")
    return [(int(n), name, c_text(article), c_text(words)) for name, n, article, words in re.findall(
        r'X\((\w+), (\d+), ("[^"]*"),[\s\\]*((?:"(?:[^"\\]|\\.)*"[\s\\]*)+)\)', text)]


def error_rows():
    text = source("proto/base/err.h")
    return [(int(n), name, int(code), c_text(words)) for name, n, code, words in re.findall(
        r'X\((\w+), (\d+), (\d+),\s*((?:"(?:[^"\\]|\\.)*"[\s\\]*)+)\)', text)]


def act_numbers():
    return {name: (field, int(n)) for name, field, n in
            re.findall(r"X\((\w+), (\w+), (\d+)\)", source("proto/rules/act.h"))}


PARTIES = {"P_ANYONE": "any node", "P_PARTICIPANT": "participant", "P_REGISTRAR": "registrar",
           "P_HOST": "host", "P_HANDLER": "handler", "P_FORWARDED_HOST": "forwarded host",
           "P_SENDER": "sender", "P_ASSIGNER": "assigner", "P_OFFICE": "office",
           "P_CO_HANDLER": "co-handler", "P_REVIEWER": "reviewer", "P_LEFT": "left",
           "P_BROKER": "broker"}
GROUPS = {"S_ANY": "any", "S_OPEN": "open", "S(NONE)": "new"}  # words that the text explains


def stage_words(text, defines):
    if text == "0":
        return "no case"
    words = []
    for part in re.findall(r"S_\w+|S\(\w+\)", text):
        if part in GROUPS:
            words.append(GROUPS[part])
        elif part in defines:
            words += stage_words(defines[part], defines).split(", ")
        else:
            words.append(part[2:-1].lower())
    return ", ".join(words)


def act_rows():
    text = source("proto/rules/decide.c")
    defines = dict(re.findall(r"^#define (S_\w+) (.+)$", text, re.M))
    text = text[text.index("static const struct row rows[]"):]
    text = text[:text.index("};")]
    numbers = act_numbers()
    rows = []
    for kind, stages, parties, flags in re.findall(
            r"\{JB_ACT_(\w+),\s*([^,]+),\s*([^,]+),\s*([^,]+),", text):
        field, number = numbers[kind]
        who = ", ".join(PARTIES[p.strip()] for p in parties.split("|"))
        rows.append((field, number, stage_words(stages.strip(), defines), who,
                     "custody" if re.search(r"\bCUSTODY\b", flags) else ""))
    return rows


def common_rows():
    """Acts on what is common to all nodes."""
    numbers = act_numbers()
    return [(*numbers[kind], "common", "administrator" if only == "true" else "office", "")
            for kind, only in re.findall(r"\{JB_ACT_(\w+), (true|false), check_\w+\}",
                                         source("proto/rules/decide_directory.c"))]


def required_rows():
    text = source("proto/rules/act_required.c")
    numbers = act_numbers()
    found = {}

    def add(kind, words, refusal, condition=""):
        name, number = numbers[kind]
        refusal = "" if refusal == "FIELD_REQUIRED" else f" ({refusal})"
        found.setdefault((number, name), []).append(f"{words}{refusal}{condition}")

    for kind, field, refusal in re.findall(
            r"\{JB_ACT_(\w+), FIELD_(\w+), JB_REFUSE_(\w+)\}", text):
        add(kind, field, refusal)
    for kind, words in re.findall(r'\{JB_ACT_(\w+),\s*\{[^}]*\},\s*("[^"]*")\}', text):
        add(kind, c_text(words), "FIELD_REQUIRED")
    for kind, given, value, field, refusal in re.findall(
            r"\{JB_ACT_(\w+), FIELD_(\w+), JB_\w+_([A-Z]+), FIELD_(\w+),\s*JB_REFUSE_(\w+)\}", text):
        add(kind, field, refusal, f" with {given} {value.lower()}")
    return [(name, ", ".join(fields)) for (_, name), fields in sorted(found.items())]


def check_digit(digits):
    product = 10
    for digit in digits:
        total = (product + int(digit)) % 10
        product = (total or 10) * 2 % 11
    return (11 - product) % 10


def caseno_rows():
    rows = []
    for date, node, count in (("20261123", 7, 42), ("20260101", 2, 1), ("20221231", 99999, 99999),
                              ("20260229", 1, 1)):
        digits = f"{date}{node:05}{count:05}"
        valid = date != "20260229"
        shown = f"{date}-{node:05}-{count:05}-{check_digit(digits)}"
        rows.append((shown, f"{digits}{check_digit(digits)}",
                     "good" if valid else "refused: no such date"))
    rows.append(("20261123-00007-00042-8", "2026112300007000428", "refused: check digit"))
    return rows


def right_rows():
    """Right, roles, acts, requests: from the three tables of the code."""
    roles = {"C_": "clerk", "S_": "supervisor", "L_": "leader", "A_": "auditor", "M_": "administrator",
             "G_": "gateway", "JB_STAFF_ALL": "everybody with a role", "JB_STAFF_NONE": "nobody"}
    acts, requests = {}, {}
    for name, right in re.findall(r"\[JB_ACT_(\w+)\] = JB_RIGHT_(\w+)", source("proto/rules/staff.c")):
        acts.setdefault(right, []).append(act_numbers()[name][0])
    for name, right in re.findall(r"\[JB__REQUEST__BODY_(\w+)\] = \{\w+,\s*JB_RIGHT_(\w+)\}",
                                  source("clients/agent/local.c")):
        requests.setdefault(right, []).append(name.lower())
    rows = re.findall(r"X\((\w+), (\w+), ([^)]*)\)", source("proto/rules/staff.h").split("#define JB_RIGHTS(X)")[1]
                      .split("enum jb_right")[0])
    return [(word, "everybody" if name == "ANYONE" else ", ".join(roles[r.strip()] for r in held.split("|")),
             ", ".join(acts.get(name, [])), ", ".join(requests.get(name, []))) for name, word, held in rows]


def blocks(build):
    examples = subprocess.run([os.path.join(build, "tests/tools/frame_examples")], check=True,
                              stdout=subprocess.PIPE, encoding="utf-8").stdout
    return {
        "acts": table(("act", "number", "stages", "who", "based on"),
                      sorted(act_rows() + common_rows(), key=lambda row: row[1])),
        "required": table(("act", "required"), required_rows()),
        "refusals": table(("number", "name", "article", "text"), refusal_rows()),
        "errors": table(("number", "name", "exit", "text"), error_rows()),
        "rights": table(("right", "roles", "acts", "requests"), right_rows()),
        "casenos": table(("shown", "as a number", "verdict"), caseno_rows()),
        "examples": examples.strip(),
    }


def split(document):
    """[(name or None, text)]: what stands between the markers, and around them."""
    parts = re.split(r"<!-- block (\w+) -->\n(.*?)<!-- end -->", document, flags=re.S)
    result = [(None, parts[0])]
    for i in range(1, len(parts), 3):
        result += [(parts[i], parts[i + 1].strip()), (None, parts[i + 2])]
    return result


def main():
    made = blocks(sys.argv[1])
    if "--write" not in sys.argv:
        for name, text in made.items():
            print(f"<!-- block {name} -->\n{text}\n<!-- end -->\n")
        return
    with open(DOCUMENT, encoding="utf-8") as f:
        parts = split(f.read())
    with open(DOCUMENT, "w", encoding="utf-8") as f:
        f.write("".join(text if name is None else
                        f"<!-- block {name} -->\n{made[name]}\n<!-- end -->" for name, text in parts))


if __name__ == "__main__":
    main()
