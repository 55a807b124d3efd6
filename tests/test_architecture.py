"""Which package may import what. The table is the design; a line that breaks it is named."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = {"model", "artifacts", "cli", "components", "pipelines", "build", "serving", "examples", "bench", "tests"}
DATA_TOOLS = {"duckdb", "pyarrow", "numpy"}

# Package or step -> everything besides the standard library and itself that it may import. A dotted name is a package
# with all that is in it.
MAY_IMPORT = {
    "model": {"numpy", "pydantic", "pydantic_core", "yaml", "xgboost"},
    "artifacts": {"model", "pydantic", *DATA_TOOLS},
    "components/step.py": {"artifacts", "model"},
    "components/extract": {"artifacts", "model", *DATA_TOOLS, "sqlglot", "farmhash", "google", "grpc"},
    "components/extract/googlesql": {"model", *DATA_TOOLS, "sqlglot", "farmhash"},
    "components/extract/sources": {
        *("components.extract.googlesql", "components.extract.window", "model", *DATA_TOOLS, "google", "grpc"),
    },
    "components/preprocess": {"artifacts", "model", *DATA_TOOLS},
    "components/train": {
        *("artifacts", "model", *DATA_TOOLS, "pydantic"),
        *("xgboost", "optuna", "scipy", "threadpoolctl", "distributed", "cloudpickle"),
    },
    "components/evaluate": {
        *("artifacts", "model", *DATA_TOOLS, "pydantic", "xgboost", "scipy", "jinja2", "markupsafe", "joblib"),
    },
    "components/refit": {
        *("artifacts", "model", *DATA_TOOLS, "components.train", "components.evaluate"),
    },
    "components/build_image": {"artifacts", "build", "model"},
    "components/champion": {"artifacts", "build", "model"},
    "components/score": {"model", *DATA_TOOLS},
    "components/conclude": {"artifacts", "model"},
    "components/fleet_conclude": {"artifacts", "model"},
    "components/fleet_summary": {"artifacts", "model"},
    "components/notify": {"artifacts", "pydantic", "requests"},
    "components/resolve": {"build", "model", "components.extract.sources", "components.extract.window"},
    "components/load_spec": {"artifacts", "model", "pydantic"},
    "pipelines": {
        *(
            "artifacts",
            "components",
            "model",
            "croniter",
            "google",
            "docker",
            "joblib",
            "kfp",
            "kfp_server_api",
            "pyarrow",
            "pydantic",
            "pydantic_core",
            "requests",
        ),
        *("rich", "urllib3", "yaml"),
    },
    "build/gate": {"artifacts", "model", "xgboost", "numpy"},
    "build/oci": {
        "model",
        "pydantic",
        "requests",
        "urllib3",
        "botocore",
        "docker",
        "filelock",
        "isal",
        "tenacity",
    },
    "build/image": {
        *("artifacts", "model", "build.gate", "build.oci", "build.environment", "build.kernel", "build.settings"),
        *("rich", "docker"),
        *("requests", "numpy", "filelock", "cyclonedx", "packageurl", "model_signing", "cryptography"),
    },
    "build/release": {"artifacts", "model", "build.gate", "build.oci", "build.image"},
    "build/environment": {"build.kernel", "build.settings", "model.kernel.sources"},
    "build/kernel": {"build.settings", "model.files", "model.kernel.sources"},
    "build/settings.py": set(),
    "serving": {
        *(
            "model",
            "fastapi",
            "httptools",
            "starlette",
            "pydantic",
            "pydantic_core",
            "uvicorn",
            "numpy",
            "orjson",
            "prometheus_client",
        ),
    },
    "cli": {"artifacts", "build", "components", "examples", "model", "pipelines", "serving", "click", "rich"},
    "examples": {"numpy", "pyarrow", "rich", "model"},
}
WRAPPER_MAY_IMPORT = {"kfp", "artifacts", "model"}  # and its own step; three also `build`


def imports(path: Path) -> list[tuple[int, str]]:
    """(line, dotted module) of every import in a file, function bodies included."""
    modules = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            modules += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively; name the package"
            modules.append((node.lineno, node.module or ""))
    return modules


def files(package: str) -> list[Path]:
    path = ROOT / package
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_the_design_allows(package):
    own = package.replace("/", ".").removesuffix(".py")
    broken = []
    for path in files(package):
        if path.name == "component.py":
            continue
        for line, module in imports(path):
            names = [".".join(module.split(".")[:end]) for end in range(1, module.count(".") + 2)]
            if own in names or names[0] in sys.stdlib_module_names or MAY_IMPORT[package].intersection(names):
                continue
            broken.append(f"{path.relative_to(ROOT)}:{line} imports {module}")
    assert not broken, f"{package} may import only {sorted(MAY_IMPORT[package])}:\n" + "\n".join(broken)


def test_every_file_is_in_a_package_of_the_table():
    packages = [path for path in ROOT.iterdir() if path.name in OURS - {"tests", "bench"}]
    known = {file for package in MAY_IMPORT for file in files(package)}
    strangers = [
        str(path.relative_to(ROOT))
        for package in packages
        for path in package.rglob("*.py")
        if path not in known and path.name != "__init__.py"
    ]
    assert not strangers


@pytest.mark.parametrize("wrapper", sorted(ROOT.glob("components/*/component.py")), ids=lambda path: path.parent.name)
def test_a_wrapper_is_thin_and_imports_only_its_own_step(wrapper):
    step = wrapper.parent.name
    allowed = {
        f"components.{step}",
        "components.step",
        *(["build"] if step in ("build_image", "champion", "train") else []),
    }
    for line, module in imports(wrapper):
        first = module.split(".")[0]
        fine = first in WRAPPER_MAY_IMPORT or first in sys.stdlib_module_names
        fine = fine or any(module == name or module.startswith(name + ".") for name in allowed)
        assert fine, f"{wrapper.relative_to(ROOT)}:{line} imports {module}; a wrapper imports its own step alone"


def test_logic_is_imported_inside_the_wrapper_because_its_body_alone_is_shipped():
    for wrapper in ROOT.glob("components/*/component.py"):
        for node in ast.parse(wrapper.read_text("utf-8")).body:
            if isinstance(node, ast.ImportFrom):
                assert node.module.split(".")[0] not in OURS, (
                    f"{wrapper}:{node.lineno} imports {node.module} at the top"
                )


def test_kfp_is_imported_by_wrappers_and_pipelines_alone():
    for path in ROOT.glob("components/**/*.py"):
        if path.name != "component.py":
            assert not [line for line, module in imports(path) if module.split(".")[0] == "kfp"], path


def test_serving_never_imports_the_spec_reader():
    for path in (ROOT / "serving").rglob("*.py"):
        assert not [line for line, module in imports(path) if module.startswith("model.spec.types")], path


def test_nothing_but_tests_and_bench_imports_the_examples():
    for package in ("model", "components", "pipelines", "build", "serving"):
        for path in (ROOT / package).rglob("*.py"):
            assert not [
                line for line, module in imports(path) if module.split(".")[0] in ("examples", "bench", "tests")
            ]


def test_import_build_is_ours():
    code = "import build; print(build.__file__)"
    modules = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert Path(modules.stdout.strip()) == ROOT / "build" / "__init__.py"


def test_no_module_reads_the_environment_or_the_clock_at_import():
    """The edge is `main()` and the wrappers; a module-level read would freeze a setting at import."""
    broken = []
    for package in OURS - {"tests"}:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.If):
                    continue
                text = ast.unparse(node)
                if "os.environ" in text or "getenv" in text or "datetime.now" in text or "time.time" in text:
                    broken.append(f"{path.relative_to(ROOT)}:{node.lineno} {text}")
    assert not broken
