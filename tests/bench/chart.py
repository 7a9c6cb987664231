"""Charts as plain SVG, nothing needed to draw or to look at them."""
import math

COLOURS = ["#b3261e", "#e8a19b", "#3b6ea5", "#7da7d0", "#4f8a5b", "#9cc3a4", "#8a6d3b", "#c9b27c",
           "#777777"]
WIDTH, BAR, GAP, LEFT = 760, 14, 22, 150


def text(x, y, words, anchor="start", size=11):
    words = str(words).replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}">{words}</text>'


def document(height, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            f'font-family="sans-serif"><rect width="100%" height="100%" fill="white"/>' +
            "".join(parts) + "</svg>\n")


def bars(bench, rows, systems, path):
    """Acknowledged hand-overs a second: a group of bars a row, a bar a system, with its spread."""
    parts, y = [], 30
    parts.append(text(10, 18, "acknowledged hand-overs a second: median, line from lowest to highest",
                      size=13))
    for row in rows:
        found = [(s, bench.values(s, row.name, "acknowledged_per_s")) for s in systems]
        found = [(s, v) for s, v in found if v]
        most = max((max(v) for _, v in found), default=1)
        parts.append(text(10, y + 12, row.title(), size=12))
        y += GAP
        for system, values in found:
            scale = (WIDTH - LEFT - 80) / most
            middle = bench.median(system, row.name)
            colour = COLOURS[systems.index(system) % len(COLOURS)]
            line_y = y + BAR / 2
            parts.append(text(LEFT - 6, y + BAR - 3, system, "end"))
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{middle * scale:.1f}" '
                         f'height="{BAR - 2}" fill="{colour}"/>')
            parts.append(f'<line x1="{LEFT + min(values) * scale:.1f}" y1="{line_y}" '
                         f'x2="{LEFT + max(values) * scale:.1f}" y2="{line_y}" stroke="black"/>')
            parts.append(text(LEFT + max(values) * scale + 5, y + BAR - 3, f"{middle:.0f}"))
            y += BAR
        y += GAP // 2
    with open(path, "w", encoding="utf-8") as out:
        out.write(document(y + 10, parts))


def growth(points, path):
    """(entries, entries/s, bytes an entry): two curves over a logarithmic axis."""
    parts = [text(10, 18, "growth of the record: entries a second (red), bytes an entry (blue)",
                  size=13)]
    left, right, top, bottom = 70, WIDTH - 70, 40, 300
    low, high = math.log10(points[0][0]), math.log10(points[-1][0])

    def x(entries):
        return left + (math.log10(entries) - low) / max(high - low, 0.01) * (right - left)

    for index, colour, side in ((1, "#b3261e", left - 6), (2, "#3b6ea5", right + 6)):
        most = max(p[index] for p in points) * 1.1
        line = " ".join(f"{x(p[0]):.1f},{bottom - p[index] / most * (bottom - top):.1f}"
                        for p in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for share in (0, 0.5, 1):
            y = bottom - share * (bottom - top)
            parts.append(text(side, y, f"{most * share:.0f}", "end" if index == 1 else "start"))
    for decade in range(math.ceil(low), math.floor(high) + 1):
        parts.append(text(x(10 ** decade), bottom + 18, f"10^{decade} entries", "middle"))
    parts.append(f'<path d="M{left} {top} V{bottom} H{right} V{top}" fill="none" stroke="#777"/>')
    with open(path, "w", encoding="utf-8") as out:
        out.write(document(bottom + 30, parts))
