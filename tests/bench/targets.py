"""Targets: what was measured against what is wanted, one line each."""
import sys


class Targets:
    def __init__(self):
        self.lines = []
        self.short = 0

    def at_least(self, name, measured, wanted, unit=""):
        self.add(name, measured, wanted, unit, measured is not None and wanted is not None
                 and measured >= wanted, "at least")

    def at_most(self, name, measured, wanted, unit=""):
        self.add(name, measured, wanted, unit, measured is not None and wanted is not None
                 and measured <= wanted, "at most")

    def add(self, name, measured, wanted, unit, fine, word):
        self.short += not fine
        self.lines.append("target %s: measured %s, wanted %s %s, %s" % (
            name, number(measured, unit), word, number(wanted, unit), "ok" if fine else "short"))

    def failed(self, name, text):
        self.short += 1
        self.lines.append(f"target {name}: {text}, short")

    def end(self, bench):
        """Print all of them, and keep them beside the rows; exit status 1 when any is short."""
        with open(bench.path.replace(".jsonl", ".targets"), "w", encoding="utf-8") as out:
            out.write("\n".join(self.lines) + "\n")
        print("\n".join(self.lines), flush=True)
        sys.exit(1 if self.short else 0)


def number(value, unit):
    if value is None:
        return "nothing"
    text = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return text + (" " + unit if unit else "")


def ratio(a, b):
    return a / b if a is not None and b else None


def best(bench, systems, row, figure, lowest=False):
    """(median, system) of the best of them."""
    found = [(bench.median(s, row, figure), s) for s in systems]
    found = [f for f in found if f[0] is not None]
    if not found:
        return None, "nobody"
    return min(found) if lowest else max(found)
