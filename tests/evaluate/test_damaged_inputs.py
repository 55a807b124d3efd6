"""Inputs of evaluate that are damaged or missing are refused by name."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from artifacts.splits import splits_sha256
from model.errors import DataError
from model.files import parse_json, write_json
from tests.evaluate.runs import evaluated
from tests.logs import replaced
from tests.runs import small_run


class TestDamagedInputs:
    def test_a_truncated_test_split_is_named(self, tmp_path):
        folder = small_run(tmp_path)
        path = folder / "splits" / "test.parquet"
        path.write_bytes(path.read_bytes()[:-200])
        with pytest.raises(DataError, match=r"test\.parquet.*is not Parquet"):
            evaluated(folder)
        assert not (folder / "evaluated").exists()

    def test_a_damaged_page_is_named(self, tmp_path):
        folder = small_run(tmp_path)
        path = folder / "splits" / "test.parquet"
        data = bytearray(path.read_bytes())
        data[40 : len(data) // 2] = bytes(len(data) // 2 - 40)
        path.write_bytes(bytes(data))
        with pytest.raises(DataError, match=r"is damaged|cannot be read"):
            evaluated(folder)

    def test_every_missing_column_is_named(self, tmp_path):
        folder = small_run(tmp_path)
        path = folder / "splits" / "test.parquet"
        pq.write_table(pq.read_table(path).drop_columns(["rent", "area"]), path)
        with pytest.raises(DataError) as refusal:
            evaluated(folder)
        assert len(refusal.value.problems) == 2

    def test_a_label_that_never_changes_is_too_little_data(self, tmp_path):
        folder = small_run(tmp_path)
        path = folder / "splits" / "test.parquet"
        table = pq.read_table(path)
        pq.write_table(replaced(table, "inquired", np.zeros(table.num_rows, np.int8)), path)
        outcome, verdict = evaluated(folder)
        assert outcome == "insufficient-data"
        assert verdict.reasons[0].message.startswith("All test rows have the same label, with 0 conversions")

    @pytest.mark.parametrize("name", ["splits/split.json", "splits/rejections.json", "trained/baselines.json"])
    def test_a_missing_file_is_named_with_the_step_that_makes_it(self, tmp_path, name):
        folder = small_run(tmp_path)
        (folder / name).unlink()
        with pytest.raises(DataError, match=f"{name.split('/')[1]}: is missing. Run the step that writes it"):
            evaluated(folder)

    def test_baselines_of_another_form_are_refused_field_by_field(self, tmp_path):
        folder = small_run(tmp_path)
        path = folder / "trained" / "baselines.json"
        write_json(path, parse_json(path.read_bytes()) | {"constant": {"probability": 2}})
        with pytest.raises(DataError, match=r"constant\.probability"):
            evaluated(folder)

    def test_nothing_is_written_over(self, tmp_path):
        folder = small_run(tmp_path)
        evaluated(folder)
        before = splits_sha256(folder / "splits"), (folder / "evaluated" / "verdict.json").read_bytes()
        with pytest.raises(OSError, match=r".+"):
            evaluated(folder)
        assert before == (splits_sha256(folder / "splits"), (folder / "evaluated" / "verdict.json").read_bytes())
