"""Shell completion of verbs and options."""

import click
from click.shell_completion import get_completion_class

from cli.outcome import Done
from cli.verb import Call, Verb

VARIABLE = "_KAMADO_COMPLETE"  # of click


@click.command("completion", cls=Verb, takes_json=False)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, _: Call, shell: str) -> Done:
    """Print the completion script of a shell.

    For bash: eval "$(.venv/bin/kamado completion bash)" in ~/.bashrc.
    """
    kind = get_completion_class(shell)
    assert kind is not None
    return Done({}, (kind(ctx.find_root().command, {}, "kamado", VARIABLE).source(),))
