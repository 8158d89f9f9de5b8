"""
Where a job of EMR begins: `main.py SETTINGS HANDLER EVENT ANSWER`.

The package of the job (`ingot runtime --spark`) is unpacked as `ingot`, the platform's contracts and models as
`platform`, both in the folder in which Spark starts this. What begins with `base64:` is in Base64, as YARN reads `}}`
as its own.
"""

import base64
import sys
from pathlib import Path

sys.path.insert(0, str(Path("ingot", "python").resolve()))

from ingot_spark.job import main


def plain(argument: str) -> str:
    """An argument as it was meant."""
    return base64.b64decode(argument[7:]).decode() if argument.startswith("base64:") else argument


if __name__ == "__main__":
    arguments = [plain(argument) for argument in sys.argv[1:]]
    sys.exit(main(Path("ingot").resolve(), Path("platform").resolve(), arguments))
