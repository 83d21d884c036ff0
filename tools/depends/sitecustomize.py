"""Watch what a notebook starts: Python loads this when it begins.

tools/notebooks.py puts this folder on PYTHONPATH and a name into the variable.
"""

import os

import files_read

if mark := os.environ.get("UNROLLED_DEPENDS"):
    files_read.watch(mark)
