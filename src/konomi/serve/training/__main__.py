"""`python -m konomi.serve.training`: gives way to everybody else, and only then imports what it trains with."""

import os
from importlib import import_module

LEAST = 19  # the lowest priority

if hasattr(os, "sched_setscheduler"):
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
os.setpriority(os.PRIO_PROCESS, 0, LEAST)
import_module("konomi.serve.training.child").main()
