"""Runs a program as long as its own standard input is open: until whoever started it ends, however that is.

    hold.py SIGNAL[:USER:GROUP] DIRECTORY PROGRAM [ARGUMENT ...]

SIGNAL, such as TERM, ends the program. It runs as the user and group of those numbers, if they are given. DIRECTORY is removed
then; `-` is none.
"""

import os, shutil, signal, subprocess, sys, threading

name, *owner = sys.argv[1].split(":")
number = signal.Signals[f"SIG{name}"]
other = {"user": int(owner[0]), "group": int(owner[1]), "extra_groups": []} if owner else {}
program = subprocess.Popen(sys.argv[3:], stdin=subprocess.DEVNULL, **other)


def watch():
    while os.read(0, 4096):
        pass
    program.send_signal(number)
    try:
        program.wait(15)
    except subprocess.TimeoutExpired:
        program.kill()


threading.Thread(target=watch, daemon=True).start()
code = program.wait()
if sys.argv[2] != "-":
    shutil.rmtree(sys.argv[2], ignore_errors=True)
sys.exit(code)
