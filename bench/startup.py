"""How long `konomi --help` takes, beside an empty Python.

python bench/startup.py [--runs 20]
"""

import argparse
import sys

from measure import KONOMI, child, median_and_range, save

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--runs", type=int, default=20)
arguments = parser.parse_args()

child([*KONOMI, "--help"])
ours = [child([*KONOMI, "--help"])[0] for _ in range(arguments.runs)]
empty = [child([sys.executable, "-c", ""])[0] for _ in range(arguments.runs)]
save("startup", {"konomi --help": median_and_range(ours), "python -c ''": median_and_range(empty)})
