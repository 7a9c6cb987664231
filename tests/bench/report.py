"""The comparison as a table in Markdown: medians, and the spread of the main figure."""
import platform
import subprocess

FIGURES = [("acknowledged_per_s", "acknowledged/s", "%.0f"),
           ("confirmed_ms_p50", "confirmed ms p50", "%.2f"), ("confirmed_ms_p99", "p99", "%.2f"),
           ("confirmed_ms_p999", "p99.9", "%.2f"), ("durable_ms_p50", "durable ms p50", "%.2f"),
           ("durable_ms_p99", "p99", "%.2f"), ("durable_ms_p999", "p99.9", "%.2f"),
           ("broker_cpu_s_per_10000", "broker CPU s/10,000", "%.2f"),
           ("broker_rss_mib", "RSS MiB", "%.0f"), ("disk_written_per", "disk bytes each", "%.0f"),
           ("broker_syncs", "broker's syncs", "%.0f"),
           ("outran", "confirmed before a sync", "%.0f")]


def table(bench, row, systems):
    lines = ["| system | runs | min - max | " + " | ".join(f[1] for f in FIGURES) + " |",
             "|---|---|---|" + "---|" * len(FIGURES)]
    for system in systems:
        rates = bench.values(system, row.name, "acknowledged_per_s")
        if not rates:
            continue
        cells = [f[2] % bench.median(system, row.name, f[0]) for f in FIGURES]
        lines.append(f"| {system} | {len(rates)} | {min(rates):.0f} - {max(rates):.0f} | " +
                     " | ".join(cells) + " |")
    return lines if len(lines) > 2 else []


def others(bench):
    """What has no place in the table: one line each, questions as a table."""
    lines = []
    for row in bench.rows:
        if row.get("row") in ("due", "crowd", "growth-step", "catch-up", "agent-idle", "ready",
                              "soak-end"):
            said = ", ".join(f"{k} {short(v)}" for k, v in row.items() if k != "row")
            lines.append(f"- {row['row']}: {said}")
    asked = [r for r in bench.rows if r.get("row") == "ask"]
    if asked:
        lines += ["", "| question | rows | p50 ms | p95 ms | longest |", "|---|---|---|---|---|"]
        lines += [f"| {r['question']} | {r['rows']} | {r['p50_ms']} | {r['p95_ms']} | "
                  f"{r['max_ms']} |" for r in asked]
    return [*lines, ""] if lines else []


def short(value):
    if isinstance(value, list):
        return " ".join(short(v) for v in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def write(bench, rows, systems, not_durable):
    """FILE.md beside the JSON lines; also printed."""
    lines = machine() + [""]
    for row in rows:
        durable = table(bench, row, systems)
        if durable:
            lines += [f"### {row.title()}", ""] + durable + [""]
        loose = table(bench, row, not_durable)
        if loose:
            lines += ["Not durable when they confirm, or not always:", ""] + loose + [""]
    text = "\n".join(lines + others(bench))
    with open(bench.path.replace(".jsonl", ".md"), "w", encoding="utf-8") as out:
        out.write(text)
    print(text)


def output_of(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return ""


def machine():
    """What the figures were made on."""
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        models = [x.split(":")[1].strip() for x in info if x.startswith("model name")]
    with open("/proc/meminfo", encoding="utf-8") as info:
        memory = int(info.readline().split()[1]) // 1024 // 1024
    packages = output_of("dpkg-query", "-W", "-f", "${Package} ${Version}\\n", "libzmq5",
                         "libsqlite3-0", "libsodium23", "redis-server", "rabbitmq-server",
                         "nats-server", "postgresql-15", "mosquitto").replace("\n", ", ")
    commit = output_of("git", "describe", "--always", "--dirty")
    return [f"- machine: {len(models)} x {models[0] if models else platform.machine()}, "
            f"{memory} GiB, Linux {platform.release()}, file system of the data "
            f"{output_of('stat', '-f', '-c', '%T', '/tmp')}",
            f"- versions: {packages}", f"- jiaoban: {commit}"]
