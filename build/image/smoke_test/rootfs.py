"""The layers of an image in a folder, one over the other, as a container would see them."""

import os
import shutil
import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from build.image.smoke_test import SmokeTestError
from build.oci.archive import members_of
from build.oci.image import Blob
from model.errors import Problem

WHITEOUT, ALL_GONE = ".wh.", ".wh..wh..opq"  # how a layer says that something below it is no longer there


def unpack(layers: Iterable[Blob], root: Path) -> None:
    """Lay every layer over the others in `root`. Raises SmokeTestError for one that is broken, or leaves it."""
    for layer in layers:
        parents = Parents(root)
        try:
            for tar, member in members_of(layer):
                _lay(tar, member, root, parents)
        except (tarfile.TarError, ValueError, FileNotFoundError, FileExistsError, NotADirectoryError) as error:
            problem = f"cannot be unpacked ({error})"
            hint = "Push the base again, or take another"
            raise SmokeTestError(Problem(f"layer {layer.digest}", problem, hint, "smoke-test-layer")) from error


class Parents:
    """The folders of a layer that lie in the image. Members come folder by folder: the last one is remembered."""

    def __init__(self, root: Path) -> None:
        self.root, self.last = root, root

    def of(self, name: PurePosixPath) -> Path | None:
        """The folder above `name`; None where a link leads out of the image."""
        parent = self.root.joinpath(*name.parts[:-1])
        if parent != self.last:
            if not parent.resolve().is_relative_to(self.root):
                return None
            self.last = parent
        return parent

    def forget(self) -> None:
        """After a link, which may lie above the last one."""
        self.last = self.root


def _lay(tar: tarfile.TarFile, member: tarfile.TarInfo, root: Path, parents: Parents) -> None:
    name = PurePosixPath(member.name.lstrip("/"))
    if ".." in name.parts or not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
        return  # devices and sockets are of no use to a server
    parent = parents.of(name)
    if parent is None:
        raise tarfile.TarError(f"{member.name!r} leaves the image")
    if name.name == ALL_GONE:
        for path in list(parent.iterdir()) if parent.is_dir() else []:
            _remove(path)
    elif name.name.startswith(WHITEOUT):
        gone = name.name.removeprefix(WHITEOUT)
        if gone in ("", ".", ".."):
            raise tarfile.TarError(f"{member.name!r} leaves the image")
        _remove(parent / gone)
    else:
        _put(tar, member, root, parent / name.name if name.parts else root)
        if member.issym():
            parents.forget()


def _put(tar: tarfile.TarFile, member: tarfile.TarInfo, root: Path, path: Path) -> None:
    if member.isdir():
        if path.is_symlink() or path.is_file():
            path.unlink()
        path.mkdir(parents=True, exist_ok=True)
        return
    _remove(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if member.issym():
        path.symlink_to(member.linkname)
    elif member.islnk():
        target = root / member.linkname.lstrip("/")
        if not target.resolve().is_relative_to(root):
            raise tarfile.TarError(f"{member.name!r} links out of the image")
        os.link(target, path, follow_symlinks=False)
    else:
        source = tar.extractfile(member)
        assert source is not None  # isfile() was asked above
        with path.open("wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
        path.chmod(0o755 if member.mode & 0o111 else 0o644)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def inside(root: Path, name: str) -> Path | None:
    """The file that `name` is in the image, through the links of the image; None where there is none."""
    path = PurePosixPath("/", name)
    for _ in range(40):  # as many links as Linux follows
        real = _first_link(root, path)
        if real is None:
            file = root.joinpath(*path.parts[1:])
            return file if file.exists() else None
        path = real
    return None


def _first_link(root: Path, path: PurePosixPath) -> PurePosixPath | None:
    """`path` with its first symbolic link replaced by what it names; None when there is none."""
    for depth in range(2, len(path.parts) + 1):
        head = PurePosixPath(*path.parts[:depth])
        link = root.joinpath(*head.parts[1:])
        if link.is_symlink():
            target = head.parent / link.readlink()
            rest = path.parts[depth:]
            return PurePosixPath(os.path.normpath(target.joinpath(*rest)))
    return None
