"""The command: its arguments, its output and its exit codes."""

import json
import subprocess
import sys

import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from model.errors import KamadoError
from pipelines.compile import ROOT
from pipelines.new_model.find_table import find_table
from tests.kamado import kamado
from tests.pipelines.new_model.tables import plain, refusal


def test_the_command_prints_the_next_one_and_overwrites_nothing(tmp_path):
    (tmp_path / "log").mkdir()
    for index in range(2):
        pq.write_table(plain(seed=index), tmp_path / "log" / f"{index}.parquet")
    arguments = ["--model", "sales", "--table", f"{tmp_path}/log/", "--label", "sold", "--specs", f"{tmp_path}/specs"]
    command = [sys.executable, "-m", "cli", "new", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"make run SPEC={tmp_path}/specs/sales DATA={tmp_path}"
    assert "3,000 rows" in done.stdout
    before = (tmp_path / "specs" / "sales" / "spec.yaml").read_bytes()
    again = kamado("new", *arguments, "--json")
    assert again.code == 2
    assert json.loads(again.out)["outcome"] == "refused"
    assert "exists already and is not overwritten" in again.err
    assert (tmp_path / "specs" / "sales" / "spec.yaml").read_bytes() == before


def test_all_problems_of_the_variables_are_reported_at_once(tmp_path):
    pyarrow.csv.write_csv(plain(), tmp_path / "sales.csv")
    answer = kamado("new", "--model", "My Model", "--table", f"{tmp_path}/sale.csv", "--specs", f"{tmp_path}/specs")
    assert answer.code == 2
    assert "MODEL: is 'My Model', not the name of a model" in answer.err
    assert "for example my-model" in answer.err
    assert "does not exist. Did you mean sales.csv?" in answer.err
    assert "LABEL: is missing" in answer.err
    assert "Traceback" not in answer.out + answer.err


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("shop.visits.sessions_*", "names many tables, one for each day"),
        ("empty", "is a folder without Parquet files"),
        ("notes.txt", "is not a table that Kamado reads"),
        ("a.b.csv", "has the name 'a.b', which is not the name of a table"),
        ("", "TABLE: is missing"),
    ],
)
def test_what_is_not_a_table_is_refused_by_name(name, words, tmp_path):
    (tmp_path / "empty").mkdir()
    for file in ("notes.txt", "a.b.csv"):
        (tmp_path / file).write_text("a,b\n1,2\n")
    with pytest.raises(KamadoError, match=words):
        find_table(str(tmp_path / name) if (tmp_path / name).exists() and name else name)


def test_a_table_without_rows_is_refused(tmp_path):
    assert "TABLE: has no rows. Use a table with rows" in refusal(tmp_path, plain().slice(0, 0), "sold")


@pytest.mark.case("make new with shell and make code in its variables")
def test_make_runs_nothing_in_its_variables(tmp_path, outcome):
    mark = tmp_path / "mark"
    hostile = f'x";touch {mark};"$(shell touch {mark})`touch {mark}`'
    done = subprocess.run(
        ["make", "-o", ".venv/installed.txt", "new", f"MODEL={hostile}", f"TABLE={hostile}", f"LABEL={hostile}"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "not the name of a model" in done.stderr
    assert not mark.exists()
    outcome(done.stderr.splitlines()[1])
