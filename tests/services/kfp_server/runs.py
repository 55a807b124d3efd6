"""Runs as the API answers them, with the pods of Kubeflow among their tasks."""

import threading
from dataclasses import dataclass, field

from pipelines.submit.graph_tasks import titles
from tests.services.kfp_server import nodes
from tests.services.kfp_server.engine import Execution
from tests.services.kfp_server.resources import Resource, now

FINAL = ("SUCCEEDED", "FAILED", "CANCELED")


@dataclass
class Task:
    """`around` are the loops and conditions that it is in, each iteration one of its own."""

    name: str
    state: str = "RUNNING"
    start_time: str = field(default_factory=now)
    end_time: str = ""
    error: str = ""
    parameters: dict = field(default_factory=dict)
    artifacts: list = field(default_factory=list)
    around: tuple[str, ...] = ()

    def node(self, run_id) -> str:
        """Of Argo."""
        return "-".join((run_id, *self.around, self.name))

    def title(self, run) -> str:
        return next((title for title, name in titles(run.specification) if name == self.name), self.name)

    def answer(self, run_id):
        answer = {"run_id": run_id, "task_id": "/".join((run_id, *self.around, self.name)), "display_name": self.name}
        answer |= {"pod_name": self.node(run_id)}
        answer |= {"create_time": self.start_time, "start_time": self.start_time, "state": self.state}
        answer |= {"end_time": self.end_time} if self.end_time else {}
        if self.error:
            status = {"update_time": self.end_time, "state": self.state, "error": {"code": 13, "message": self.error}}
            answer |= {"state_history": [status]}
        return answer


@dataclass
class Run(Resource):
    body: dict = field(default_factory=dict)
    specification: dict = field(default_factory=dict)
    platform: dict | None = None
    parameters: dict = field(default_factory=dict)
    native: bool = False  # the line after 2.17
    state: str = "PENDING"
    finished_at: str = ""
    history: list = field(default_factory=list)
    tasks: list = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock, self._execution, self._thread = threading.RLock(), None, None

    def answer(self):
        """The line after 2.17 lists the tasks elsewhere."""
        with self._lock:
            answer = {**self.body, **self._shared("run"), "state": self.state, "storage_state": "AVAILABLE"}
            answer |= {"state_history": self.history}
            answer |= {} if self.native else {"run_details": {"task_details": nodes.details(self)}}
            return answer | ({"finished_at": self.finished_at} if self.finished_at else {})

    def start(self, folder, artifacts) -> None:
        with self._lock:
            self.tasks, self.finished_at = [], ""
            self._enter("RUNNING")
            self._execution = Execution(folder, self, artifacts)
            self._thread = threading.Thread(target=self._execution.follow)
            self._thread.start()

    def task_started(self, name) -> None:
        with self._lock:  # the local engine goes on while a step's artifacts are stored; a cluster would not
            if not any(task.state == "FAILED" for task in self.tasks):
                self.tasks.append(Task(name))

    def task_ended(self, name, state, parameters=None, artifacts=(), error="", around=()) -> None:
        with self._lock:
            running = (task for task in self.tasks if (task.name, task.state) == (name, "RUNNING"))
            task = next(running, None)
            if task is None:
                self.tasks.append(task := Task(name))
            task.state, task.end_time, task.error = state, now(), error
            task.parameters, task.artifacts, task.around = parameters or {}, list(artifacts), around

    def failed_in(self, name, arounds) -> None:
        """What the failed tasks of this name were in, which is known once all have ended."""
        with self._lock:
            failed = [task for task in self.tasks if (task.name, task.state) == (name, "FAILED")]
            for task, around in zip(failed, arounds, strict=False):
                task.around = around

    def ended(self, state) -> None:
        """A run that was stopped fails, up to 2.17: its workflow does."""
        with self._lock:
            self.finished_at = now()
            self._enter(("CANCELED" if self.native else "FAILED") if self.state == "CANCELING" else state)

    def terminate(self) -> None:
        with self._lock:
            self._enter("CANCELING")
            if self._execution is None:
                self.ended("FAILED")
            else:
                self._execution.kill()

    def join(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def kill(self) -> None:
        if self._execution is not None and self.state not in FINAL:
            self._execution.kill()
        self.join()

    def _enter(self, state) -> None:
        self.state = state
        self.history.append({"update_time": now(), "state": state})
