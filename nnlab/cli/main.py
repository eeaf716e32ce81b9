"""The command line: nnlab train | sweep | rerun | predict | report | experiments | sync | ...

Exit codes: 0 done; 1 a cell failed or a check did not hold; 2 the input or configuration is wrong;
130 interrupted. A user's mistake is one or two lines; `--debug` or HYDRA_FULL_ERROR=1 shows the
traceback.
"""

import os
import sys
from importlib import import_module

import click

# each is the command of this name in the module of this name, with its line in `nnlab --help`
COMMANDS = {
    "train": "Train one cell: nnlab train model=deep seed=1.",
    "sweep": "Train a grid of cells: nnlab sweep model.depth=1,2,4 seed=1,2.",
    "report": "Write one HTML page on a sweep or a single run: maps, why nets fail, curves, the best.",
    "compare": "Say what differs between recorded runs, and draw their curves.",
    "rerun": "Train a recorded run again and compare every cost, weight and test probability.",
    "predict": "Ask a trained net what it sees in image files of any size.",
    "experiments": "Test the claims of the lecture notes: train, analyse, write verdicts and index.",
    "gradcheck": "Compare backprop with central differences: nnlab gradcheck model=deep.",
    "data": "Make, import, fetch and check image sets.",
    "sync": "Publish every record that the MLflow store does not have yet.",
    "prune": "List the records and reports that nothing needs any more, and with --yes remove them.",
    "ui": "Serve the MLflow UI of this home's store until Ctrl-C.",
}


class LazyGroup(click.Group):
    """A group that imports a command's module only to run that command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"nnlab.cli.{cmd_name}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command and its arguments; UserError for a name that is none, with the one that was meant."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from nnlab.config import choose_among  # needed only here
            from nnlab.errors import UserError

            raise UserError(f"{args[0]}: there is no such command; {choose_among(args[0], list(COMMANDS))}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in the help; it does not import the commands' modules."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nnlab")
def cli() -> None:
    """Sweeps over plain deep nets, trained exactly, with permanent records.

    \b
    nnlab train model=deep data=catvnoncat
    nnlab sweep model.depth=1,2,4 init.scale=0.1,1,10

    `--debug` anywhere shows tracebacks.
    """


def main() -> None:
    """Run the command; turn an error into one or two lines and an exit code."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = "--debug" in sys.argv or bool(os.environ.get("HYDRA_FULL_ERROR"))
    if "_NNLAB_COMPLETE" in os.environ:
        import_module("nnlab.cli.completion")
    try:
        cli.main(arguments, prog_name="nnlab", standalone_mode=False)
    except click.Abort:  # click's exception for an interrupt
        raise KeyboardInterrupt from None
    except Exception as error:
        from nnlab.cli.errors import fail  # needed only here

        fail(error, debug)
