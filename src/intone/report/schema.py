"""The JSON schema of `report.json`, made from the dataclasses that it is written from.

python -m intone.report.schema src/intone/report/report.schema.json
"""

import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from intone import files
from intone.assessment.content import Assessment

FILE = Path(__file__).with_name("report.schema.json")


def schema() -> dict[str, Any]:
    """Describe `report.json`: every key is there, and no other."""
    made = TypeAdapter(Assessment).json_schema(mode="serialization")
    for described in (made, *made["$defs"].values()):
        described["additionalProperties"] = False
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


if __name__ == "__main__":
    files.write_json(Path(sys.argv[1]), schema())
