"""The types, the examples of the README and the notebook."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest
from conftest import Server

from pinhole import models
from pinhole._json import decode, encode

here = Path(__file__).resolve().parents[1]


def test_the_types_are_strict() -> None:
    checked = subprocess.run(["/usr/bin/mypy"], cwd=here, capture_output=True, text=True)
    assert checked.stdout.startswith("Success"), checked.stdout + checked.stderr


def test_the_package_is_built_with_its_types(tmp_path: Path) -> None:
    shutil.copytree(here / "pinhole", tmp_path / "pinhole")
    for file in ("pyproject.toml", "README.md"):
        shutil.copy(here / file, tmp_path / file)
    build = "from setuptools.build_meta import build_wheel; build_wheel('.')"
    subprocess.run([sys.executable, "-c", build], cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "pinhole/py.typed" in names and "pinhole/operations.py" in names


def test_the_example_of_the_readme_runs(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    examples = re.findall(r"```python\n(.*?)```", (here / "README.md").read_text(), re.S)
    assert len(examples) == 1
    monkeypatch.setenv("PINHOLE_URL", server.url)
    names: dict[str, Any] = {}
    exec(compile(examples[0], "README.md", "exec"), names)
    said = capsys.readouterr().out
    assert "pin_1" in said and "EOPNOTSUPP" in said and "pinhole.page.idle" in said
    names["fs"].umount(force=True)


def test_the_notebook_runs_and_draws_its_chart(server: Server) -> None:
    notebook: Any = nbformat.read(here / "notebooks/s01.ipynb", as_version=4)  # type: ignore
    os.environ["PINHOLE_URL"] = server.url
    os.environ["PYTHONPATH"] = str(here)
    client: Any = nbclient.NotebookClient  # type: ignore
    client(notebook, timeout=300, kernel_name="python3").execute()
    outputs = [one for cell in notebook.cells if cell.cell_type == "code" for one in cell.outputs]
    charts = [one for one in outputs if "image/png" in one.get("data", {})]
    assert len(charts) == 1
    text = "".join(one.get("text", "") for one in outputs)
    assert "break-layouts" in text and "none" in text


def test_a_newer_answer_is_read_and_an_older_one_is_named() -> None:
    known = {"offset": 1, "length": 2}
    assert decode(models.ByteRange, {**known, "added": 3}) == models.ByteRange(offset=1, length=2)
    with pytest.raises(TypeError, match="has no length for ByteRange"):
        decode(models.ByteRange, {"offset": 1})


def test_the_branch_of_a_union_is_found_by_its_fields() -> None:
    last = {"deadlock": "last"}
    moment = decode(models.Moment, {"operation": "op_1", "when": "blocked"})
    assert moment == models.OperationMoment(operation="op_1", when="blocked")
    assert encode(decode(models.Moment, last)) == last
    command = decode(models.Command, {"op": "unpin", "on": {"pin": "pin_1"}})
    assert command == models.UnpinCommand(on=models.OnPin(pin="pin_1"))
    assert encode(command) == {"op": "unpin", "on": {"pin": "pin_1"}}
