"""The processors that a process may use, on a machine and in containers with a quota."""

import os

import joblib
import pytest

from model.processors import processor_count


def test_without_a_quota_all_that_the_process_may_run_on(tmp_path):
    assert processor_count(tmp_path) == len(os.sched_getaffinity(0))


def test_here_as_many_as_joblib_counts():
    assert processor_count() == joblib.cpu_count()


@pytest.mark.parametrize(("limit", "count"), [("100000 100000", 1), ("1000 100000", 1), ("max 100000", None)])
def test_the_quota_of_cgroup_2(limit, count, tmp_path):
    (tmp_path / "cpu.max").write_text(f"{limit}\n")
    assert processor_count(tmp_path) == (count or len(os.sched_getaffinity(0)))


@pytest.mark.parametrize(("quota", "count"), [("50000", 1), ("-1", None), ("900000000", None)])
def test_the_quota_of_cgroup_1(quota, count, tmp_path):
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text(f"{quota}\n")
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000\n")
    assert processor_count(tmp_path) == (count or len(os.sched_getaffinity(0)))
