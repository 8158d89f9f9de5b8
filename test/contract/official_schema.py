"""Judges contracts by the official JSON schema of ODCS v3.1.0: a JSON list in, a list of true and false out."""
import json
import sys

from jsonschema import Draft201909Validator

schema, contracts = (json.load(open(path)) for path in sys.argv[1:3])
validator = Draft201909Validator(schema)
print(json.dumps([validator.is_valid(contract) for contract in contracts]))
