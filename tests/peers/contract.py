"""Runs schemathesis, which somebody else wrote, over every operation of the OpenAPI document.

`python contract.py FILE`: FILE holds the ground as JSON, as tests/it/stories/contract.rs lays it: where
the server is, who calls it, which names exist, and for how long. Prints one JSON object: what was tried
and what failed. `contract_hooks.py` signs the requests and looks closer at refusals.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import wire

# What a well-formed request may be answered, wherever the document lists the status with the codes
# and their meaning: a name that names nothing, a state that rules it out, a code that is out of use,
# a value that only the server can judge, and too many tries. contract_hooks.py looks at the codes.
EXPECTED_WHERE_LISTED = ["404", "409", "410", "422", "429"]
# Of these operations also these, because no schema tells a sealed cursor, a signed statement or a
# picture from other texts and bytes.
# A picture that the client has already is not sent again.
EXPECTED_BESIDES = {
    "cursor": ["400"],
    "confirmOrder": ["400", "401"],
    "decode": ["413", "415"],
    "adoptCode": ["413", "415"],
    # Measures that do not go together, such as a sheet and a roll; and a logo that is no picture.
    "printCode": ["400"],
    "printPlates": ["400"],
    "printCodeWithLogo": ["400", "413", "415"],
    "If-None-Match": ["304"],
}
# A request that violates the schema is done only where what is wrong with it never leaves the
# generator: it takes the API key's header away, and contract_hooks.py brings it along all the same.
# Elsewhere such a request names nothing that exists.
DONE_WITHOUT_ITS_KEY = {"createPlateBatch": ["4xx", "201"]}


# A stream has no end: what has come by then is looked at.
STREAM_SECONDS = 0.5
# Nothing takes so long; a machine that does many things at once may.
ANSWER_SECONDS = 60.0
# Only what hangs is ended: it takes a minute or two, and contract.rs bounds the calls and with them the
# time, which a machine that does many things at once may take more of.
WHOLE_SECONDS = 1500


def settings(document, ground, folder):
    lines = [
        'hooks = "contract_hooks"',
        "seed = 20261121",
        "workers = 1",
        "[generation]",
        f"max-examples = {ground['max_examples']}",
        "database = \"none\"",
        "[phases]",
        "examples.enabled = true",
        "coverage.enabled = true",
        "fuzzing.enabled = true",
        "stateful.enabled = true",
        "[reports.json]",
        "enabled = true",
        f"path = {json.dumps(str(folder / 'report.json'))}",
    ]
    for item in document["paths"].values():
        for operation in item.values():
            name = json.dumps(operation["operationId"])
            lines += [
                "[[operations]]",
                f"include-operation-id = {name}",
                f"request-timeout = {STREAM_SECONDS if is_stream(operation) else ANSWER_SECONDS}",
                *(f"checks.negative_data_rejection.expected-statuses = {json.dumps(done)}"
                  for done in [DONE_WITHOUT_ITS_KEY.get(operation["operationId"])] if done),
                f"checks.positive_data_acceptance.expected-statuses = {json.dumps(expected(operation))}",
            ]
    return "\n".join(lines) + "\n"


def is_stream(operation):
    return "text/event-stream" in operation["responses"].get("200", {}).get("content", {})


def expected(operation):
    listed = [status for status in EXPECTED_WHERE_LISTED if status in operation["responses"]]
    names = [operation["operationId"], *(p["name"] for p in operation.get("parameters", []))]
    return ["2xx", *listed, *(s for name in names for s in EXPECTED_BESIDES.get(name, []))]


def main():
    ground = json.loads(pathlib.Path(sys.argv[1]).read_text())
    document = wire.fetch("GET", f"{ground['url']}/openapi.json", {}, None)["json"]
    ground["anywhere"] = document["components"]["responses"]["Problem"]["x-problems"]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "ground.json").write_text(json.dumps(ground))
        (folder / "schemathesis.toml").write_text(settings(document, ground, folder))
        settled = {
            "PYTHONPATH": str(pathlib.Path(__file__).parent),
            "PYTHONDONTWRITEBYTECODE": "1",
            "CONTRACT_GROUND": str(folder / "ground.json"),
            "CONTRACT_SEEN": str(folder / "seen.json"),
        }
        ran = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run",
             f"{ground['url']}/openapi.json", "--checks", "all", "--continue-on-failure",
             "--no-color"],
            cwd=folder, text=True, capture_output=True, check=False, timeout=WHOLE_SECONDS,
            env={**os.environ, **settled},
        )
        report = folder / "report.json"
        answer = {"exit_code": ran.returncode, "said": ran.stdout + ran.stderr}
        if report.exists():
            answer["report"] = json.loads(report.read_text())
        if (folder / "seen.json").exists():
            answer["seen"] = json.loads((folder / "seen.json").read_text())
    print(json.dumps(answer, ensure_ascii=False))


if __name__ == "__main__":
    main()
