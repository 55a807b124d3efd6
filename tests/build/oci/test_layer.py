"""A layer is the same bytes for the same files, and any tar reads it."""

import gzip
import tarfile
import time
import tracemalloc

import pytest

from build.oci.layer import TarEntry, write_layer

MOMENT = 1_780_000_000


def test_the_same_files_give_the_same_bytes_whenever_and_in_whatever_order(tmp_path):
    entries = [TarEntry("opt/b", data=b"b"), TarEntry("opt/a/c", 0o755, data=b"c"), TarEntry("opt/link", link="a/c")]
    first = write_layer(tmp_path / "1", entries, mtime=MOMENT)
    time.sleep(1.1)  # gzip and tar know whole seconds
    again = write_layer(tmp_path / "2", reversed(entries), mtime=MOMENT)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    assert (first.digest, first.diff_id, first.size) == (again.digest, again.diff_id, again.size)


def test_any_tar_reads_it_with_its_folders_owners_modes_and_time(tmp_path):
    write_layer(tmp_path / "1", [TarEntry("opt/a/b", data=b"data"), TarEntry("opt/link", link="a/b")], mtime=MOMENT)
    with tarfile.open(tmp_path / "1") as tar:
        members = {member.name: member for member in tar.getmembers()}
        assert tar.extractfile("opt/a/b").read() == b"data"
    assert list(members) == ["opt", "opt/a", "opt/a/b", "opt/link"]
    assert {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in members.values()} == {(0, 0, "", "", MOMENT)}
    assert [oct(m.mode) for m in members.values()] == ["0o755", "0o755", "0o444", "0o777"]
    assert members["opt/link"].linkname == "a/b"


def test_its_digests_are_those_of_the_tar_and_of_the_gzip(tmp_path):
    import hashlib

    layer = write_layer(tmp_path / "1", [TarEntry("a", data=b"data")], mtime=MOMENT)
    zipped = (tmp_path / "1").read_bytes()
    assert layer.digest == f"sha256:{hashlib.sha256(zipped).hexdigest()}"
    assert layer.diff_id == f"sha256:{hashlib.sha256(gzip.decompress(zipped)).hexdigest()}"
    assert layer.size == len(zipped)
    assert layer.files == {"a": hashlib.sha256(b"data").hexdigest()}


def test_the_gzip_names_no_time_and_no_system(tmp_path):
    write_layer(tmp_path / "1", [TarEntry("a", data=b"data")], mtime=MOMENT)
    assert (tmp_path / "1").read_bytes()[4:10] == b"\0\0\0\0\x04\xff"


@pytest.mark.parametrize("name", ["../etc/passwd", "/etc/passwd", "a//b", "a/./b", "a/../../b", ""])
def test_a_name_that_leaves_the_image_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match="not a name inside an image"):
        write_layer(tmp_path / "1", [TarEntry(name, data=b"x")], mtime=MOMENT)


def test_a_symlink_put_in_the_place_of_a_file_is_not_followed(tmp_path):
    (tmp_path / "booster.ubj").symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="symbolic"):
        write_layer(tmp_path / "1", [TarEntry("a", data=tmp_path / "booster.ubj")], mtime=MOMENT)


def test_memory_does_not_grow_with_the_model(tmp_path):
    def peak(size):
        with (tmp_path / "model").open("wb") as file:
            file.truncate(size)
        tracemalloc.start()
        write_layer(tmp_path / "1", [TarEntry("model", data=tmp_path / "model")], mtime=MOMENT)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(64 << 20) < 1.3 * peak(1 << 20) + (1 << 20)
