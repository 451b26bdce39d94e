"""Checks reports against the schemas of their formats, and Markdown as GitHub's parser would read it.

check.py schemas DIRECTORY    every *.sarif and *.xml of the directory
check.py cells FILE           the cells of all tables of a Markdown file, as JSON
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent


def schemas(directory: pathlib.Path) -> int:
    import jsonschema
    from lxml import etree

    sarif = jsonschema.Draft7Validator(json.loads((HERE / "schemas/sarif-schema-2.1.0.json").read_text()))
    junit = etree.XMLSchema(etree.parse(HERE / "schemas/junit-10.xsd"))
    wrong = 0
    for file in sorted(directory.iterdir()):
        problems = []
        if file.suffix == ".sarif":
            problems = [f"{error.json_path}: {error.message}" for error in sarif.iter_errors(json.loads(file.read_text()))]
        elif file.suffix == ".xml":
            if not junit.validate(etree.parse(file)):
                problems = [str(error) for error in junit.error_log]
        for problem in problems:
            print(f"{file.name}: {problem}")
        wrong += len(problems)
    return 1 if wrong else 0


def cells(file: pathlib.Path) -> int:
    from markdown_it import MarkdownIt

    def text(token) -> str:
        # Tags and comments show nothing.
        return "".join(child.content for child in token.children if child.type != "html_inline")

    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(file.read_text())
    rows, row = [], None
    for token in tokens:
        if token.type == "tr_open":
            row = []
        elif token.type == "tr_close":
            rows.append(row)
            row = None
        elif token.type == "inline" and row is not None:
            row.append(text(token))
    print(json.dumps(rows))
    return 0


if __name__ == "__main__":
    sys.exit({"schemas": schemas, "cells": cells}[sys.argv[1]](pathlib.Path(sys.argv[2])))
