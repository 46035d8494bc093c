"""Validates documents by a JSON Schema.

Reads {"schema": ..., "documents": {NAME: DOCUMENT}} from the file that is its argument, and writes
{NAME: [PROBLEM, ...]} to standard output. Exits with 77 where the module jsonschema is missing.
"""

import json
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    sys.exit(77)

with open(sys.argv[1], encoding="utf-8") as file:
    given = json.load(file)

Draft202012Validator.check_schema(given["schema"])
validator = Draft202012Validator(given["schema"])
problems = {
    name: [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
    for name, document in given["documents"].items()
}
json.dump(problems, sys.stdout)
