# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The numbers of a benchmark run, compared with each other and with the bars."""
import json
import os
import statistics

ROUND_TRIP = "pipe round trip of others, nobody attached, us"
ROUND_TRIP_ATTACHED = "pipe round trip of others, attached to a third, us"
FAULT = "page fault"
FAULT_RATIO = "page faults attached / not, ratio"
EVALUATION = ("evaluation attached / not, CPU time, ratio", "evaluation attached / not, by the clock, ratio")
STACKS = ("stacks at 99 Hz / sections alone, CPU time, ratio", "stacks at 99 Hz / sections alone, by the clock, ratio")
FRAME = "a Python frame of a sampled stack"
FLOOR = "two clock reads"
ATTACHED = "C section, attached"
BUDGET = {"sections": "short sections, after 1 s, ratio", "faults": "page faults, after 1 s, ratio",
          "switches": "20,000 threads that switch, after 1 s, ratio", "calls": "calls of a --section function, after 1 s, ratio",
          **{f"calls-{n}": f"about {n:,} calls a second of one, after 1 s, ratio" for n in (500, 5000, 50000)}}

GPU = {build: f"1,000 waits and 85,000 launches/s, {build} driver, without / with, ratio" for build in ("new", "old")}
CALLS_COUNT = "%d calls a second, count by the target's own, ratio"
CALLS_ERROR = "%d calls a second, total by the target's clock, in stated errors, ratio"


def median(bench, name):
    return statistics.median(bench.samples[name]) if bench.samples.get(name) else None


def paired(bench, name, other, combine):
    """The median over the rounds of the two rows, combined."""
    pairs = list(zip(bench.samples.get(name, ()), bench.samples.get(other, ())))
    return statistics.median(combine(a, b) for a, b in pairs) if pairs else None


def ratio(bench, name, other):
    return paired(bench, name, other, lambda a, b: a / b)


def bars(bench):
    """(what, figure or None, limit, unit)"""
    return [
        ("attached C section / two clock reads", ratio(bench, ATTACHED, FLOOR), 1.6, ""),
        ("attached C section / bpftrace", ratio(bench, ATTACHED, "bpftrace, begin and end"), 1 / 20, ""),
        ("attached C section / LTTng-UST", ratio(bench, ATTACHED, "LTTng-UST, two tracepoints"), 1 / 2, ""),
        ("C section, nobody attached, above an empty loop",
         paired(bench, "C section, nobody attached", "empty loop", lambda a, b: a - b), 4, " ns"),
        ("Python section, nobody attached / nullcontext()", median(bench, "Python section, nobody attached, ratio"), 3, ""),
        ("Python section, attached / nullcontext()", median(bench, "Python section, attached, ratio"), 4, ""),
        ("a loop of page faults, attached / not", median(bench, FAULT_RATIO), 1.05, ""),
        ("an evaluation on PyTorch, attached / not", median(bench, EVALUATION[0]), 1.01, ""),
        ("an evaluation, stacks at 99 Hz / sections alone", median(bench, STACKS[0]), 1.005, ""),
        ("a Python frame of a sampled stack", median(bench, FRAME), 300, " ns"),
        *((name.removesuffix(", ratio"), median(bench, name), 1.015, "") for name in BUDGET.values()),
        *((name.removesuffix(", ratio"), median(bench, name), 1.01, "") for name in GPU.values()),
        ("attach until the first section is counted", median(bench, "attach until the first section counted, ms"), 150, " ms"),
        ("peak memory of the profiler with 256 sections", median(bench, "peak memory with 256 sections, MiB"), 16, " MiB"),
    ]


def cpu_model():
    with open("/proc/cpuinfo") as f:
        return next((line.split(":")[1].strip() for line in f if line.startswith("model name")), os.uname().machine)


def print_rows(bench):
    floor = median(bench, FLOOR)
    print(f"Linux {os.uname().release}, {cpu_model()}, {bench.rounds} rounds of {bench.burst_ms} ms\n")
    print(f"{'':<50} {'ns':>9}   {'quartiles':>17}   x {FLOOR}")
    for name, values in bench.samples.items():
        if not values or name.endswith((", ratio", ", ms", ", MiB", ", us")):
            continue
        low, middle, high = statistics.quantiles(values, n=4) if len(values) > 1 else values * 3
        in_rounds = len(values) == len(bench.samples.get(FLOOR, ()))
        times = ratio(bench, name, FLOOR) if in_rounds else middle / floor if floor else None
        print(f"{name:<50} {middle:>9.1f}   {low:>8.1f} {high:>8.1f}   " + (f"{times:.2f}" if times is not None else ""))
    for name, reason in bench.skipped.items():
        print(f"{name:<50}   skipped: {reason}")


def print_bars(bench, only):
    print(f"\n{'bar':<50} {'measured':>12} {'at most':>12}")
    for what, figure, limit, unit in bars(bench):
        if only and figure is None:
            continue
        verdict = "not measured" if figure is None else "pass" if figure <= limit else "bar missed"
        shown = "-" if figure is None else f"{figure:.4g}{unit}"
        print(f"{what:<50} {shown:>12} {f'{limit:.4g}{unit}':>12}   {verdict}")


def percent(values):
    return ", ".join(f"{100 * (value - 1):+.2f}" for value in sorted(values))


def print_budget(bench):
    """The five rounds: from the least to the most is an interval of 94 % confidence for the median."""
    for name in BUDGET.values():
        if bench.samples.get(name):
            print(f"{name.removesuffix(', ratio')}: cost against before and after, %: {percent(bench.samples[name])}")
    for name in GPU.values():
        if bench.samples.get(name):
            print(f"{name.removesuffix(', ratio')}, %: {percent(bench.samples[name])}")
    for rate in 500, 5000, 50000:
        if bench.samples.get(CALLS_COUNT % rate):
            print(f"{rate} calls a second: count against the target's own, %: {percent(bench.samples[CALLS_COUNT % rate])}")
        if bench.samples.get(CALLS_ERROR % rate):
            errors = bench.samples[CALLS_ERROR % rate]
            print(f"{rate} calls a second: total off the target's own, in stated errors: {', '.join(f'{e:.1f}' for e in sorted(errors))}; "
                  f"{sum(e <= 2 for e in errors)} of {len(errors)} within two")


def print_rest(bench):
    seen = median(bench, "attach until the probe is in, ms")
    print()
    if seen is not None:
        print(f"from the start of the profiler until its probe is in: {seen:.0f} ms")
    for what, names in ("attached against not", EVALUATION), ("stacks at 99 Hz against sections alone", STACKS):
        if bench.samples.get(names[0]):
            cpu, wall = (", ".join(f"{100 * (r - 1):+.2f}" for r in sorted(bench.samples[name])) for name in names)
            print(f"evaluation, {what}, %: CPU time {cpu}; by the clock {wall}")
    print_budget(bench)
    if bench.samples.get(ROUND_TRIP):
        print(f"pipe round trip (two context switches) of processes that are not profiled: {median(bench, ROUND_TRIP):.2f} us; "
              f"while another one is: {ratio(bench, ROUND_TRIP_ATTACHED, ROUND_TRIP):.3f} times that")


def write_json(bench, path):
    figures = {
        "rows": {name: {"median": statistics.median(v), "values": v} for name, v in bench.samples.items() if v},
        "bars": [{"bar": w, "measured": f, "limit": m, "unit": u.strip(), "pass": None if f is None else f <= m}
                 for w, f, m, u in bars(bench)],
        "skipped": bench.skipped,
    }
    with open(path, "w") as f:
        json.dump(figures, f, indent=1)
        f.write("\n")
