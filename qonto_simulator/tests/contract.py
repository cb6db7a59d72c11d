"""Holds every request and answer to ``openapi/qonto-openapi.yaml``.

A request that the bank accepted must be one that the contract allows; every answer must have a
status, a content type and a body that the contract names, and no field that it does not know.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from qonto_simulator.api.gate import STAGING_PAGE

FILE = Path(__file__).parents[1] / "openapi" / "qonto-openapi.yaml"
HOSTS = ("/v2/", "/oauth2/auth", "/oauth2/token", "/oauth2/revoke")
ERROR_BODY = {"$ref": "#/components/schemas/ErrorBody"}
# Asked for on demand and known to no contract: extra SCA while reading (see README).
BEYOND = {
    ("listTransactions", status): {"$ref": f"#/components/responses/{answer}"}
    for status, answer in ((412, "PreconditionFailed"), (428, "ScaRequired"))
}
METHODS = ("get", "post", "put", "patch", "delete")

formats = FormatChecker(formats=())


@formats.checks("date-time", ValueError)
def _date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    if "T" not in value or not re.search(r"(Z|[+-]\d\d:\d\d)$", value):
        raise ValueError(value)
    return bool(datetime.fromisoformat(value.replace("Z", "+00:00")))


@formats.checks("uri")
def _uri(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme)


class ContractError(AssertionError):
    """A request or an answer that the contract does not know."""


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


class Contract:
    """Checks exchanges and counts them by operation and status."""

    def __init__(self) -> None:
        self.spec = document()
        self.seen: Counter[tuple[str, int]] = Counter()
        # Names of query parameters that a test sends to show that they are ignored.
        self.ignored: set[str] = set()
        # Set by a test that asks for wrong answers.
        self.off = False

    def operations(self) -> dict[str, tuple[str, str, dict[str, Any]]]:
        """Return method, path and operation by operationId."""
        return {
            operation["operationId"]: (method.upper(), path, operation)
            for path, item in self.spec["paths"].items()
            for method, operation in item.items()
            if method in METHODS
        }

    def check(self, request: httpx.Request, response: httpx.Response) -> None:
        path = request.url.path
        if self.off or not path.startswith(HOSTS):
            return
        where = f"{request.method} {path} → {response.status_code}"
        if "date" not in response.headers:
            raise ContractError(f"{where}: no Date header")
        if response.text == STAGING_PAGE:
            self._require(response.status_code == 200, f"{where}: sandbox page with another status")
            return
        found = self._operation(request.method, path)
        if found is None:
            self._require(response.status_code in (400, 401, 404, 429), f"{where}: unknown operation answered")
            self._check_error(response, where)
            return
        operation, path_item, variables = found
        self.seen[(operation["operationId"], response.status_code)] += 1
        self._check_answer(operation, response, where)
        if response.status_code < 400 and "error=" not in response.headers.get("location", ""):
            self._check_request(operation, path_item, variables, request, where)

    # === ANSWERS === #

    def _check_answer(self, operation: dict[str, Any], response: httpx.Response, where: str) -> None:
        known = operation["responses"]
        answer = known.get(str(response.status_code), known.get("default"))
        answer = answer or BEYOND.get((operation["operationId"], response.status_code))
        self._require(answer is not None, f"{where}: status not in the contract")
        answer = self._resolve(answer)
        content = answer.get("content")
        kind = response.headers.get("content-type", "").partition(";")[0]
        if response.status_code >= 400 and kind == "application/json" and response.request.url.path.startswith("/v2/"):
            self._check_error(response, where)
        if response.status_code == 302:
            self._require(urlsplit(response.headers.get("location", "")).scheme, f"{where}: no full Location")
            return
        if not content:
            bare = not response.content or kind == "text/html"  # a page for the browser
            self._require(bare, f"{where}: a body that the contract does not name")
            return
        self._require(kind in content, f"{where}: content type {kind!r} is not in the contract")
        if kind == "application/json":
            schema = content[kind]["schema"]
            self.check_value(schema, json.loads(response.content), where)
            self._check_fields(schema, json.loads(response.content), where)

    def _check_error(self, response: httpx.Response, where: str) -> None:
        body = json.loads(response.content)
        self.check_value(ERROR_BODY, body, where)
        self._require(
            response.headers.get("x-tyk-trace-id") == body.get("trace_id"), f"{where}: trace id differs from header"
        )

    def check_value(self, schema: dict[str, Any], value: Any, where: str) -> None:
        whole = {**schema, "components": self.spec["components"]}
        problems = Draft202012Validator(whole, format_checker=formats).iter_errors(value)
        for problem in problems:
            raise ContractError(f"{where}: {problem.json_path}: {problem.message}"[:600])

    def _check_fields(self, schema: dict[str, Any], value: Any, where: str, at: str = "$") -> None:
        """The bank may add fields, the stand-in must not invent any."""
        schema = self._resolve(schema)
        if isinstance(value, list):
            for item in value:
                self._check_fields(schema.get("items", {}), item, where, f"{at}[]")
        if not isinstance(value, dict):
            return
        fields = self._fields(schema)
        if not fields:
            return
        for name, item in value.items():
            self._require(name in fields, f"{where}: {at}.{name} is unknown to the contract")
            self._check_fields(fields[name], item, where, f"{at}.{name}")

    def _fields(self, schema: dict[str, Any]) -> dict[str, Any]:
        schema = self._resolve(schema)
        fields = dict(schema.get("properties", {}))
        for word in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(word, []):
                fields.update(self._fields(part))
        return fields

    # === REQUESTS === #

    def _check_request(
        self,
        operation: dict[str, Any],
        path_item: dict[str, Any],
        variables: dict[str, str],
        request: httpx.Request,
        where: str,
    ) -> None:
        listed = [*path_item.get("parameters", []), *operation.get("parameters", [])]
        parameters = {(p["in"], p["name"].lower()): p for p in map(self._resolve, listed)}
        query: dict[str, list[str]] = {}
        for name, text in parse_qsl(request.url.query.decode(), keep_blank_values=True):
            query.setdefault(name, []).append(text)
        for name in query:
            known = ("query", name.lower()) in parameters or name in self.ignored
            self._require(known, f"{where}: accepted unknown parameter {name}")
        for (place, name), parameter in parameters.items():
            sent = {
                "query": query.get(parameter["name"]),
                "header": request.headers.get_list(name) or None,
                "path": [variables[name]] if name in variables else None,
            }[place]
            if sent is None:
                self._require(not parameter.get("required"), f"{where}: accepted without {name}")
            else:
                self._check_parameter(parameter["schema"], sent, f"{where} {name}")
        if "requestBody" in operation:
            self._check_form(operation["requestBody"], request, where)

    def _check_parameter(self, schema: dict[str, Any], sent: list[str], where: str) -> None:
        schema = self._resolve(schema)
        if schema.get("type") == "array":
            self.check_value(schema, sent, where)
        elif schema.get("type") == "integer":
            self.check_value(schema, int(sent[0]), where)
        elif schema.get("type") == "boolean":
            self.check_value(schema, json.loads(sent[0]), where)
        else:
            self.check_value(schema, sent[0], where)

    def _check_form(self, body: dict[str, Any], request: httpx.Request, where: str) -> None:
        kind = request.headers.get("content-type", "").partition(";")[0]
        content = self._resolve(body)["content"]
        self._require(kind in content, f"{where}: accepted a body of type {kind!r}")
        if kind == "application/x-www-form-urlencoded":
            self.check_value(content[kind]["schema"], dict(parse_qsl(request.content.decode())), where)
        elif kind == "application/json":
            self.check_value(content[kind]["schema"], json.loads(request.content), where)

    # === HELPERS === #

    def _operation(self, method: str, path: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]] | None:
        # A path without variables wins: "trust" is no id.
        for template, item in sorted(self.spec["paths"].items(), key=lambda entry: entry[0].count("{")):
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
            match = re.fullmatch(pattern, path)
            if match and method.lower() in item:
                return item[method.lower()], item, match.groupdict()
        return None

    def _resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            target: Any = self.spec
            for key in node["$ref"].removeprefix("#/").split("/"):
                target = target[key]
            node = target
        return node

    @staticmethod
    def _require(fine: Any, text: str) -> None:
        if not fine:
            raise ContractError(text)
