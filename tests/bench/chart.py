"""Charts as plain SVG, nothing needed to draw or to look at them."""

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
