#!/usr/bin/python3
"""Lint of clients/gateway/openapi.yaml: what a reader of OpenAPI 3.1 may rely on, and the rules of
this project. One line per complaint; exit status 1 if there is any.

    tests/tools/contract_lint.py [FILE]"""
import os
import re
import sys

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
SAFE = ("get", "head")


class Strict(yaml.SafeLoader):
    """A mapping with the same key twice is an error, not the last one."""


def no_twice(loader, node):
    keys = [loader.construct_object(k) for k, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise yaml.YAMLError(f"{node.start_mark}: {key} twice")
        if not isinstance(key, str):
            raise yaml.YAMLError(f"{node.start_mark}: {key!r} is not a text")
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, no_twice)


class Lint:
    def __init__(self, document):
        self.document, self.complaints, self.used = document, [], set()

    def say(self, where, text):
        self.complaints.append(f"{where}: {text}")

    def find(self, ref):
        node = self.document
        for key in ref.removeprefix("#/").split("/"):
            node = node.get(key.replace("~1", "/")) if isinstance(node, dict) else None
        return node

    def resolve(self, node):
        return self.find(node["$ref"]) if isinstance(node, dict) and "$ref" in node else node

    def refs(self, node, where):
        if isinstance(node, dict):
            ref = node.get("$ref")
            if isinstance(ref, str):
                self.used.add(ref)
                if not ref.startswith("#/") or self.find(ref) is None:
                    self.say(where, f"{ref} is not there")
            for key, value in node.items():
                self.refs(value, f"{where}/{key}")
        elif isinstance(node, list):
            for value in node:
                self.refs(value, where)

    def schemas(self):
        for name, schema in self.document["components"]["schemas"].items():
            try:
                Draft202012Validator.check_schema(schema)
            except SchemaError as error:
                self.say(name, error.message)
            for member in schema.get("required", []):
                if member not in schema.get("properties", {}):
                    self.say(name, f"requires {member}, which it does not have")
        for kind, parts in self.document["components"].items():
            for name in parts if kind != "securitySchemes" else ():
                if f"#/components/{kind}/{name}" not in self.used:
                    self.say(name, "is not used")

    def parameters(self, path, where, shared, operation):
        found = [self.resolve(p) for p in shared + operation.get("parameters", [])]
        for p in found:
            if not {"name", "in", "schema"} <= set(p):
                self.say(where, f"parameter without name, in or schema: {p}")
            if p["in"] == "path" and not p.get("required"):
                self.say(where, f"{p['name']} in the path must be required")
        in_path = {p["name"] for p in found if p["in"] == "path"}
        if in_path != set(re.findall(r"{([a-z_]+)}", path)):
            self.say(where, "parameters and path differ")
        if len({(p["name"], p["in"]) for p in found}) != len(found):
            self.say(where, "a parameter twice")
        return found

    def responses(self, where, operation):
        responses = operation.get("responses", {})
        if not any(code.startswith("2") for code in responses):
            self.say(where, "no success")
        for code, response in responses.items():
            response = self.resolve(response)
            if not response.get("description"):
                self.say(where, f"{code} without description")
            for kind, content in response.get("content", {}).items():
                if "schema" not in content:
                    self.say(where, f"{code} {kind} without schema")
                failed = code == "default" or code[0] in "45"
                if failed and code != "503" and kind != "application/problem+json":
                    self.say(where, f"{code} is not a problem")
        if "default" not in responses:
            self.say(where, "no default: every error is a problem")

    def operation(self, path, method, shared, operation):
        where = f"{method.upper()} {path}"
        parameters = self.parameters(path, where, shared, operation)
        self.responses(where, operation)
        for member in ("operationId", "summary", "tags"):
            if not operation.get(member):
                self.say(where, f"{member} is missing")
        if "x-right" not in operation and operation.get("security") != []:
            self.say(where, "which right does it take?")
        if method in SAFE and "requestBody" in operation:
            self.say(where, "a body")
        has_key = any(p["name"] == "Idempotency-Key" for p in parameters)
        excused = "needs no key" in operation.get("description", "") or path == "/v1/session"
        if method == "post" and has_key == (excused and "dry_run" not in operation["description"]):
            self.say(where, "a POST has an Idempotency-Key, or says why it needs none")

    def run(self):
        ids = []
        if not self.document["openapi"].startswith("3.1."):
            self.say("openapi", "not 3.1")
        self.refs(self.document, "")
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    self.operation(path, method, item.get("parameters", []), item[method])
                    ids.append(item[method].get("operationId"))
        for name in {i for i in ids if ids.count(i) > 1}:
            self.say(name, "operationId twice")
        tags = {t["name"] for t in self.document["tags"]}
        for path, item in self.document["paths"].items():
            for method in set(METHODS) & set(item):
                if not set(item[method].get("tags", [])) <= tags:
                    self.say(path, "unknown tag")
        self.schemas()
        return self.complaints


def main():
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "clients/gateway/openapi.yaml")
    with open(path, encoding="utf-8") as f:
        complaints = Lint(yaml.load(f, Strict)).run()
    for line in complaints:
        print(line)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
