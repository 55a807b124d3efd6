"""The group of all verbs."""

import difflib
from collections.abc import Mapping, Sequence

import click

from cli.compile import compile_pipeline
from cli.completion import completion
from cli.images import base_images, component_image, image, verify
from cli.interleaving import interleaving
from cli.outcome import report_usage
from cli.registry import registry
from cli.releases import fetch, promote, releases, rollback
from cli.score import score
from cli.serve import serve
from cli.simulate import simulate
from cli.submit import retry, runs, schedule, stop, submit
from cli.train import check_spec, new, report, run
from model.errors import Problem
from model.exit_codes import DONE, USAGE
from model.version import version

SECTIONS: dict[str, tuple[click.Command, ...]] = {
    "Train": (run, check_spec, new, report),
    "Images": (verify, image, component_image, base_images),
    "Releases": (releases, promote, rollback, fetch),
    "Serve": (serve, score, interleaving),
    "Pipeline": (compile_pipeline, submit, schedule, runs, retry, stop),
    "Project": (simulate, registry, completion),
}


class Kamado(click.Group):
    """Lists its verbs in sections, and suggests the nearest verb for an unknown one."""

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        for title, verbs in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(str(verb.name), verb.get_short_help_str(limit=90)) for verb in verbs])

    def list_commands(self, _: click.Context) -> list[str]:
        return [str(verb.name) for verbs in SECTIONS.values() for verb in verbs]


kamado = Kamado(
    "kamado",
    help="Behaviour logs to a verified model image. `kamado VERB --help` explains a verb.",
    context_settings={"max_content_width": 110},
    commands=[verb for verbs in SECTIONS.values() for verb in verbs],
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            help="Print the version and exit.",
            callback=lambda ctx, _, value: _print_version(ctx) if value else None,
        )
    ],
)


def _print_version(ctx: click.Context) -> None:
    if not ctx.resilient_parsing:
        click.echo(f"kamado {version()}")
        ctx.exit(DONE)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one verb; returns its exit code, which is 2 when the command line names no verb."""
    try:
        return int(kamado.main(list(arguments), "kamado", standalone_mode=False, obj=environ))
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return USAGE
    except click.NoSuchCommand as error:
        problem = Problem(error.command_name, "is not a verb", _nearest(error.command_name), "verb-unknown")
    except click.NoSuchOption as error:
        problem = Problem(error.option_name, "is not an option", "See: kamado --help", "argument-unknown")
    except click.UsageError as error:
        problem = Problem("kamado", error.format_message(), "See: kamado --help", "argument-value")
    return report_usage(problem, as_json="--json" in arguments)


def _nearest(name: str) -> str:
    verbs = difflib.get_close_matches(name, list(kamado.commands), 1)
    return f"Did you mean {verbs[0]}?" if verbs else "See: kamado --help"
