"""Simulate the portal: `python -m examples.rental_portal OUT --lists 40000 --days 90 --seed 7`."""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from examples.rental_portal.simulate import Portal, simulate
from model.command_line import CommandLine


def main() -> None:
    defaults = Portal()
    parser = CommandLine(prog="python -m examples.rental_portal", description=__doc__)
    parser.add_argument("out", type=Path, help="folder that gets data/ and truth/")
    parser.add_argument("--lists", type=int, default=defaults.lists, help="list pages of 20 impressions each")
    parser.add_argument("--days", type=int, default=defaults.days)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--no-truth", action="store_true", help="leave out the attraction of every impression")
    args = parser.parse_args()
    if min(args.lists, args.days) < 1:
        parser.error("--lists and --days must be above 0")
    portal = Portal(args.lists, args.days, args.seed, truth=not args.no_truth)
    bars = Progress(console=Console(stderr=True), transient=True)
    task = bars.add_task("simulating the portal", total=portal.days)
    try:
        interrupt.raise_from_now_on()
        with bars:
            simulate(portal, args.out, progress=lambda done, _: bars.update(task, completed=done))
    except KeyboardInterrupt:
        print("interrupted; tables that were there before are untouched", file=sys.stderr)
        sys.exit(interrupt.INTERRUPTED)
    except FileExistsError as error:
        hint = "Choose another OUT, or move it away"
        sys.exit(f"{error.filename}: was not written by a simulation, so it is not replaced. {hint}")
    except OSError as error:
        sys.exit(
            f"{error.filename or args.out}: cannot be written ({error.strerror}). Free some space or choose another OUT"
        )


if __name__ == "__main__":
    main()
