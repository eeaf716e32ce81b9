"""The command `nnlab experiments`."""

from pathlib import Path

import click

from nnlab.errors import Failed, UserError
from nnlab.experiments import find, run_claim, write_index
from nnlab.sweeps.console import OUT, complain, say


@click.command("experiments")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def experiments(names: tuple[str, ...]) -> None:
    """Test the claims of the lecture notes: train, analyse, write verdicts and index.

    Without a name it tests all of them. To test one: nnlab experiments zero_init
    """
    without_verdict = []
    for claim in find(names):
        OUT.print(f"\n[bold]{claim.name}[/] {claim.sentence}")
        try:
            verdict = run_claim(claim, complain)
        except (UserError, Failed) as error:  # data are missing or a cell failed: go on with the others
            complain(f"{claim.name}: {error}")
            without_verdict.append(claim.name)
            continue
        OUT.print(f"{verdict.verdict}: {verdict.sentence}", markup=False)
    say(f"\n{_short(write_index())}")
    if without_verdict:
        raise Failed(f"no new verdict on {', '.join(without_verdict)}; the reasons are above")


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
