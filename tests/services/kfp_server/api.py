"""The routes of /apis/v2beta1."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import kfp_server_api as models
from fastapi import FastAPI, HTTPException, Request, UploadFile
from fastapi.responses import HTMLResponse, JSONResponse

from tests.services.kfp_server import metadata, native
from tests.services.kfp_server.resources import Experiment, Pipeline, RecurringRun, Version
from tests.services.kfp_server.runs import FINAL, Run
from tests.services.kfp_server.validate import (
    body,
    check_cron,
    check_parameters,
    filtered,
    page,
    parse,
    parse_package,
    refuse,
)

GRPC_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 6}
NAMES = {"display_name": "name", "name": "name"}
BASE = "/apis/v2beta1"


@dataclass
class Kubeflow:
    """State and settings. Without a token everybody is let in; without namespaces it is a single-user installation.
    Without `executes` runs stay pending; without `metadata` it is the API server alone, not the UI. `native` is the
    line after 2.17: tasks with their outputs in the API, and no ML Metadata."""

    folder: Path
    artifacts: object  # (key, path) -> URI
    token: str = ""
    cookies: str = ""
    namespaces: tuple[str, ...] = ()
    login_page: bool = False
    executes: bool = True
    metadata: bool = True
    native: bool = False
    without_tasks: int = 404  # how a server that is not native answers to the route of tasks
    unanswered: set = field(default_factory=set)  # ends of routes whose work is done and whose answer a gateway loses
    requests: list = field(default_factory=list)
    pipelines: list = field(default_factory=list)
    versions: list = field(default_factory=list)
    experiments: list = field(default_factory=list)
    runs: list = field(default_factory=list)
    recurring: list = field(default_factory=list)

    def find(self, items, identifier):
        return next((item for item in items if item.id == identifier), None) or refuse(f"{identifier} not found", 404)

    def namespace(self, name):
        """The namespace of a request; access to it is checked."""
        if self.namespaces and not name:
            refuse("Invalid input error: a namespace cannot be empty in multi-user mode")
        if name and not self.namespaces:
            refuse("In single-user mode, the namespace must be empty")
        if name and name not in self.namespaces:
            refuse(f"User is not authorized with reason: the namespace {name} is not yours", 403)
        return name or ""

    def add(self, items, item):
        if any((other.name, other.namespace) == (item.name, item.namespace) for other in items):
            refuse(f"the name {item.name} already exists. Please specify a new name.", 409)
        items.append(item)
        return item.answer()

    def version_of(self, fields):
        """Specification, platform and parsed message of what a run or a schedule names."""
        reference, inline = fields.get("pipeline_version_reference"), fields.get("pipeline_spec")
        if bool(reference) == bool(inline):
            refuse("a run has either a pipeline spec or a pipeline version reference")
        if inline:
            specification, platform = inline.get("pipeline_spec", inline), inline.get("platform_spec")
            return specification, platform, parse(specification, platform)
        if not reference.get("pipeline_id") or not reference.get("pipeline_version_id"):
            refuse("both pipeline id and version id are needed")
        version = self.find(self.versions, reference["pipeline_version_id"])
        if version.pipeline_id != reference["pipeline_id"]:
            refuse("the version is of another pipeline", 404)
        return version.specification, version.platform, version.message

    def check(self, fields):
        specification, platform, message = self.version_of(fields)
        parameters = (fields.get("runtime_config") or {}).get("parameters") or {}
        check_parameters(message, parameters)
        namespace = self.find(self.experiments, fields.get("experiment_id") or refuse("no experiment")).namespace
        return specification, platform, parameters, namespace

    def execute(self, run):
        if self.executes:
            run.start(self.folder / f"{run.id}.{len(run.history)}", self.artifacts)


def application(kubeflow: Kubeflow) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.exception_handler(HTTPException)
    async def problem(_, error: HTTPException):
        document = {"error": error.detail, "code": GRPC_CODES.get(error.status_code, 13), "message": error.detail}
        return JSONResponse({**document, "details": []}, error.status_code)

    @app.middleware("http")
    async def let_in(request: Request, call_next):
        kubeflow.requests.append(f"{request.method} {request.url.path}")
        if kubeflow.login_page:
            return HTMLResponse("<html>Log in to your account</html>")
        token, cookies = request.headers.get("authorization", ""), request.headers.get("cookie", "")
        if (
            kubeflow.token
            and token != f"Bearer {kubeflow.token}"
            and not (kubeflow.cookies and cookies == kubeflow.cookies)
        ):
            return JSONResponse({"error": "Request header error: token is expired", "code": 16}, 401)
        answer = await call_next(request)
        if any(f"{request.method} {request.url.path}".endswith(end) for end in kubeflow.unanswered):
            return JSONResponse({"error": "upstream request timeout", "code": 14}, 504)
        return answer

    @app.get(f"{BASE}/healthz")
    async def healthz():
        return {"multi_user": bool(kubeflow.namespaces)}

    @app.get(f"{BASE}/experiments")
    async def experiments(namespace="", filter="", page_token="", page_size="", sort_by=""):
        name = kubeflow.namespace(namespace)
        items = [item for item in kubeflow.experiments if item.namespace == name]
        return page(filtered(items, filter, NAMES), "experiments", page_token, page_size, sort_by)

    @app.post(f"{BASE}/experiments")
    async def create_experiment(request: Request):
        fields = await body(request, models.V2beta1Experiment)
        name = fields.get("display_name") or refuse("an experiment needs a name")
        namespace = kubeflow.namespace(fields.get("namespace"))
        return kubeflow.add(kubeflow.experiments, Experiment(name, fields.get("description", ""), namespace))

    @app.get(f"{BASE}/pipelines")
    async def pipelines(namespace="", filter="", page_token="", page_size="", sort_by=""):
        name = kubeflow.namespace(namespace)
        items = [item for item in kubeflow.pipelines if item.namespace == name]
        return page(filtered(items, filter, NAMES), "pipelines", page_token, page_size, sort_by)

    @app.post(f"{BASE}/pipelines")
    async def create_pipeline(request: Request):
        fields = await body(request, models.V2beta1Pipeline)
        name = fields.get("display_name") or refuse("a pipeline needs a name")
        namespace = kubeflow.namespace(fields.get("namespace"))
        return kubeflow.add(kubeflow.pipelines, Pipeline(name, fields.get("description", ""), namespace))

    @app.delete(f"{BASE}/pipelines/{{identifier}}")
    async def delete_pipeline(identifier: str):
        pipeline = kubeflow.find(kubeflow.pipelines, identifier)
        if any(version.pipeline_id == identifier for version in kubeflow.versions):
            refuse("the pipeline has versions")
        kubeflow.pipelines.remove(pipeline)
        return {}

    @app.get(f"{BASE}/pipelines/{{identifier}}")
    async def pipeline(identifier: str):
        return kubeflow.find(kubeflow.pipelines, identifier).answer()

    @app.post(f"{BASE}/pipelines/upload")
    async def upload(uploadfile: UploadFile, name: str, description: str = "", namespace: str = "", tags: str = "{}"):
        specification, platform, message = parse_package(await uploadfile.read())
        item = Pipeline(name, description, kubeflow.namespace(namespace), json.loads(tags))
        answer = kubeflow.add(kubeflow.pipelines, item)
        version = Version(name, pipeline_id=item.id, specification=specification, platform=platform, message=message)
        kubeflow.versions.append(version)
        return answer

    @app.post(f"{BASE}/pipelines/upload_version")
    async def upload_version(uploadfile: UploadFile, name: str, pipelineid: str, description="", tags="{}"):
        kubeflow.find(kubeflow.pipelines, pipelineid)
        specification, platform, message = parse_package(await uploadfile.read())
        if any((other.pipeline_id, other.name) == (pipelineid, name) for other in kubeflow.versions):
            refuse(f"the version {name} already exists. Please specify a new name.", 409)
        version = Version(name, description, tags=json.loads(tags), pipeline_id=pipelineid, message=message)
        version.specification, version.platform = specification, platform
        kubeflow.versions.append(version)
        return version.answer()

    @app.get(f"{BASE}/pipelines/{{identifier}}/versions")
    async def versions(identifier: str, filter="", page_token="", page_size="", sort_by=""):
        kubeflow.find(kubeflow.pipelines, identifier)
        items = [version for version in kubeflow.versions if version.pipeline_id == identifier]
        return page(filtered(items, filter, NAMES), "pipeline_versions", page_token, page_size, sort_by)

    @app.get(f"{BASE}/pipelines/{{identifier}}/versions/{{version}}")
    async def version(identifier: str, version: str):
        kubeflow.find(kubeflow.pipelines, identifier)
        return kubeflow.find(kubeflow.versions, version).answer()

    @app.post(f"{BASE}/runs")
    async def create_run(request: Request):
        fields = await body(request, models.V2beta1Run)
        name = fields.get("display_name") or refuse("a run needs a name")
        specification, platform, parameters, namespace = kubeflow.check(fields)
        kubeflow.namespace(namespace)
        run = Run(name, fields.get("description", ""), body=fields, specification=specification, platform=platform)
        run.parameters, run.native = parameters, kubeflow.native
        kubeflow.runs.append(run)
        kubeflow.execute(run)
        return run.answer()

    @app.get(f"{BASE}/runs")
    async def runs(namespace="", experiment_id="", filter="", page_token="", page_size="", sort_by=""):
        if not experiment_id:
            kubeflow.namespace(namespace)
        items = [run for run in kubeflow.runs if experiment_id in ("", run.body["experiment_id"])]
        return page(filtered(items, filter, NAMES), "runs", page_token, page_size, sort_by)

    @app.get(f"{BASE}/runs/{{identifier}}")
    async def run(identifier: str):
        return kubeflow.find(kubeflow.runs, identifier).answer()

    @app.get(f"{BASE}/runs/{{identifier}}/tasks")
    async def tasks(request: Request, identifier: str):
        if not kubeflow.native:
            refuse("Not Found", kubeflow.without_tasks)
        return native.answer(kubeflow.find(kubeflow.runs, identifier), dict(request.query_params))

    @app.post(f"{BASE}/runs/{{identifier}}:retry")
    async def retry(identifier: str):
        run = kubeflow.find(kubeflow.runs, identifier)
        if run.state != "FAILED":
            refuse("Workflow must be Failed/Error to retry")
        kubeflow.execute(run)
        return {}

    @app.post(f"{BASE}/runs/{{identifier}}:terminate")
    async def terminate(identifier: str):
        run = kubeflow.find(kubeflow.runs, identifier)
        if run.state in FINAL:
            refuse("Failed to terminate the run: it has ended")
        run.terminate()
        return {}

    @app.post(f"{BASE}/recurringruns")
    async def create_recurring_run(request: Request):
        fields = await body(request, models.V2beta1RecurringRun)
        name = fields.get("display_name") or refuse("a recurring run needs a name")
        *_, namespace = kubeflow.check(fields)
        check_cron(((fields.get("trigger") or {}).get("cron_schedule") or {}).get("cron"))
        if not 1 <= int(fields.get("max_concurrency", 0)) <= 10:
            refuse("The max concurrency of the recurring run is out of its range 1 to 10")
        recurring = RecurringRun(name, fields.get("description", ""), namespace, body=fields)
        kubeflow.recurring.append(recurring)
        return recurring.answer()

    @app.get(f"{BASE}/recurringruns")
    async def recurring_runs(namespace="", experiment_id="", filter="", page_token="", page_size="", sort_by=""):
        if not experiment_id:
            kubeflow.namespace(namespace)
        items = [item for item in kubeflow.recurring if experiment_id in ("", item.body["experiment_id"])]
        return page(filtered(items, filter, NAMES), "recurringRuns", page_token, page_size, sort_by)

    @app.delete(f"{BASE}/recurringruns/{{identifier}}")
    async def delete_recurring_run(identifier: str):
        kubeflow.recurring.remove(kubeflow.find(kubeflow.recurring, identifier))
        return {}

    @app.post("/ml_metadata.MetadataStoreService/{method}")
    async def ml_metadata(request: Request, method: str):
        if kubeflow.native or not kubeflow.metadata:
            refuse("Not Found", 404)
        return await metadata.endpoint(request, method, kubeflow.runs)

    return app
