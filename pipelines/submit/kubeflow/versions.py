"""Pipelines and their versions: found, compared and uploaded."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from model.errors import Problem
from pipelines.cluster.documents import documents
from pipelines.submit.kubeflow.client import KubeflowClient, absent
from pipelines.submit.service import Package, SubmitError

MARK = "Made by Kamado"  # how the description of each of our pipelines begins
MOST_PAGES = 20
PIPELINES = "PipelineServiceApi"


class Versions:
    def __init__(self, client: KubeflowClient) -> None:
        self._client, self._namespace = client, client.settings.namespace or None
        self._graphs = dict[str, object]()  # by the id of their version, which never changes

    def pipeline(self, name: str) -> Any:
        """None where there is none. Raises SubmitError for one that Kamado did not make."""
        listing = self._client.pages(
            PIPELINES,
            "pipeline_service_list_pipelines",
            "pipelines",
            MOST_PAGES,
            namespace=self._namespace,
            filter=named(name),
        )
        pipeline = next((pipeline for pipeline in listing if name in (pipeline.display_name, pipeline.name)), None)
        if pipeline is not None and not (pipeline.description or "").startswith(MARK):
            problem = "exists, and Kamado did not make it"
            hint = f"Rename the model, or remove that pipeline; those of Kamado have a description that begins '{MARK}'"
            raise SubmitError(Problem(f"pipeline {name}", problem, hint, "pipeline-foreign"))
        return pipeline

    def find(self, pipeline: Any, package: Package) -> Any:
        """None where there is none of this name. Raises SubmitError for one with other content."""
        listing = self._versions(pipeline.pipeline_id, filter=named(package.version))
        names = (version for version in listing if package.version in (version.display_name, version.name))
        version = next(names, None)
        if version is not None and _specification(version.pipeline_spec) != _documents(package.text):
            problem = f"exists in the pipeline {package.pipeline} with other content"
            hint = (
                "Commit what changed. The images, TO, CHAMPION and the cluster's settings are part of a version too: "
                "where they alone changed, `git commit --allow-empty` makes a new one"
            )
            raise SubmitError(Problem(f"version {package.version}", problem, hint, "version-exists"))
        return version

    def _versions(self, pipeline_id: str, **options: str) -> Iterator[Any]:
        method = "pipeline_service_list_pipeline_versions"
        return self._client.pages(
            PIPELINES, method, "pipeline_versions", MOST_PAGES, pipeline_id=pipeline_id, **options
        )

    def upload(self, pipeline: Any, package: Package) -> Any:
        """The version; its pipeline is made for it where there is none, and removed again when the upload fails."""
        if pipeline is not None:
            return self._upload_version(pipeline.pipeline_id, package)
        # Without `name`, which versions before 2.5 do not know: the server takes it from the display name.
        body = self._client.api.V2beta1Pipeline(
            display_name=package.pipeline,
            description=f"{MARK}: {package.tags.get('model', package.pipeline)}",
            namespace=self._namespace,
        )
        pipeline = self._client.call(PIPELINES, "pipeline_service_create_pipeline", body)
        try:
            return self._upload_version(pipeline.pipeline_id, package)
        except BaseException:
            if not any(self._versions(pipeline.pipeline_id)):  # somebody else's may be in it by now
                self._client.call(PIPELINES, "pipeline_service_delete_pipeline", pipeline.pipeline_id)
            raise

    def _upload_version(self, pipeline_id: str, package: Package) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "pipeline.yaml"
            file.write_text(package.text, "utf-8")
            return self._client.call(
                "PipelineUploadServiceApi",
                "upload_pipeline_version",
                str(file),
                name=package.version,
                pipelineid=pipeline_id,
                description=tags_text(package),
                tags=json.dumps(dict(package.tags)),
            )

    def graph(self, pipeline_id: str, version_id: str) -> Any:
        """None for a version that was deleted since."""
        if version_id not in self._graphs:
            method = "pipeline_service_get_pipeline_version"
            version = absent(lambda: self._client.call(PIPELINES, method, pipeline_id, version_id))
            self._graphs[version_id] = version.pipeline_spec if version is not None else None
        return self._graphs[version_id]


def named(name: str) -> str:
    """The filter of a list."""
    return json.dumps({"predicates": [{"operation": "EQUALS", "key": "display_name", "string_value": name}]})


def tags_text(package: Package) -> str:
    return ", ".join(f"{name} {value}" for name, value in package.tags.items())


def _documents(text: str) -> Any:
    """The specification, and the Kubernetes settings or None, as JSON values."""
    specification, *others = documents(text)
    return specification, (others[0] if others else None)


def _specification(document: Any) -> Any:
    """The same of what the API gives back: one document, or both under names."""
    if "pipeline_spec" in document:
        return document["pipeline_spec"], document.get("platform_spec")
    return document, None
