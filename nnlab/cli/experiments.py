"""The command `nnlab experiments`."""

from pathlib import Path

import click

from nnlab.errors import Failed, UserError
from nnlab.experiments import find, run_claim, write_index
from nnlab.sweeps.console import OUT, complain, say


@click.command("experiments")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--full", is_flag=True, help="Also the claims that train longest.")
def experiments(names: tuple[str, ...], full: bool) -> None:
    """Test the claims of the lecture notes: train, analyse, write verdicts and index.

    Without a name it tests all of them. To test one: nnlab experiments zero_init

    What was trained is not trained again. A verdict that stands, of the same runs and code, is not written
    again.
    """
    without_verdict, claims = [], find(names)
    left_out = [claim.name for claim in claims if claim.takes_long and not full]
    for claim in claims:
        if claim.name in left_out:
            continue
        OUT.print(f"\n[bold]{claim.name}[/] {claim.sentence}")
        try:
            verdict = run_claim(claim, complain)
        except (UserError, Failed) as error:  # data are missing or a cell failed: go on with the others
            complain(f"{claim.name}: {error}")
            without_verdict.append(claim.name)
            continue
        OUT.print(f"{verdict.verdict}: {verdict.sentence}", markup=False)
    say(f"\n{_short(write_index())}")
    if left_out:
        say(f"left out, since the training takes long: {', '.join(left_out)} (add --full)")
    if without_verdict:
        raise Failed(f"no new verdict on {', '.join(without_verdict)}; the reasons are above")


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
