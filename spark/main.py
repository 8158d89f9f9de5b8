"""
Where a job of EMR Serverless begins: `main.py SETTINGS HANDLER EVENT ANSWER`.

The package of the job (`ingot runtime --spark`) is unpacked as `ingot`, the platform's contracts and models as
`platform`, both in the folder in which Spark starts this.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path("ingot", "python").resolve()))

from ingot_spark.job import main

if __name__ == "__main__":
    sys.exit(main(Path("ingot").resolve(), Path("platform").resolve(), sys.argv[1:]))
