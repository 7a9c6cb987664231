"""Test scripts that print TAP: functions in order, one line each, a plan at the end."""
import sys
import traceback

CASES = []


def case(function):
    """Mark a function as a test; its name, read as a sentence, is the line's text."""
    CASES.append(function)
    return function


class Failure(Exception):
    pass


def check(condition, text):
    if not condition:
        raise Failure(text)


def equal(got, wanted, what=""):
    if got != wanted:
        raise Failure(f"{what or 'value'}: got {got!r}, wanted {wanted!r}")


def comment(text):
    for line in str(text).splitlines():
        print("#", line, flush=True)


def run(world_class):
    """Run all cases in one world. A failed case does not end the others."""
    failed = 0
    world = world_class()
    try:
        for number, function in enumerate(CASES, 1):
            name = function.__name__.replace("_", " ")
            try:
                function(world)
                print(f"ok {number} - {name}", flush=True)
            except BaseException as error:  # a test reports everything, then goes on
                failed += 1
                print(f"not ok {number} - {name}", flush=True)
                comment(traceback.format_exc())
                world.show_logs()
                if isinstance(error, KeyboardInterrupt):
                    break
    finally:
        trouble = world.close()
        last = len(CASES) + 1
        print(f"{'not ok' if trouble else 'ok'} {last} - every process ended cleanly", flush=True)
        if trouble:
            failed += 1
            comment("\n".join(trouble))
            world.show_logs()
        world.remove()
        print(f"1..{last}", flush=True)
    sys.exit(1 if failed else 0)
