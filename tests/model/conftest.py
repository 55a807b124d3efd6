import pytest
import yaml

from model.errors import SpecError
from model.spec.reader import read_spec


@pytest.fixture
def read(tmp_path):
    def write_and_read(spec, sql="SELECT 1"):
        text = spec if isinstance(spec, str) else yaml.safe_dump(spec)
        (tmp_path / "training.sql").write_text(sql)
        (tmp_path / "spec.yaml").write_text(text)
        return read_spec(tmp_path)

    return write_and_read


@pytest.fixture
def problems(read, tmp_path):
    def refuse(spec, sql="SELECT 1"):
        with pytest.raises(SpecError) as refusal:
            read(spec, sql)
        assert all(problem.code for problem in refusal.value.problems)
        lines = [f"{problem.where}: {problem.problem}. {problem.hint}" for problem in refusal.value.problems]
        return [line.replace(f"{tmp_path}/", "") for line in lines]

    return refuse
