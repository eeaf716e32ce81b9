"""A lost interrupt is raised again, but not during an import."""

import subprocess
import sys

import pytest

BEGIN = """
import os, signal, time
from nnlab import signals as interrupts
interrupts.handle(interrupts.interrupt)
"""


def said(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_an_interrupt_that_something_swallows_comes_again_until_it_is_heard() -> None:
    program = """
came = 0
for _ in range(2):
    try:
        if not came:
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(30)
    except KeyboardInterrupt:
        came += 1
interrupts.heard()
time.sleep(1.5 * interrupts.AGAIN)
print(came)
"""
    assert said(program) == "2"


def test_the_import_system_is_not_interrupted_with_a_lock_in_its_hands() -> None:
    program = """
source = '''
def held():
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5 * interrupts.SOON)
    print("released")
'''
exec(compile(source, "<frozen importlib._bootstrap>", "exec"))
try:
    held()
    time.sleep(30)
except KeyboardInterrupt:
    print("interrupted")
"""
    assert said(program) == "released\ninterrupted"


def test_a_hurried_second_interrupt_disturbs_nothing() -> None:
    program = """
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(30)
except KeyboardInterrupt:
    interrupts.heard()
    os.kill(os.getpid(), signal.SIGINT)
    print("summed up")
"""
    assert said(program) == "summed up"
