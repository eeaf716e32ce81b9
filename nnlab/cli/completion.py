"""Completion in bash as click has it, but without a space after `key=`, where the value follows."""

from click.shell_completion import BashComplete, add_completion_class


@add_completion_class
class Bash(BashComplete):
    """`_NNLAB_COMPLETE=bash_source nnlab` prints its script."""

    source_template = BashComplete.source_template.replace(
        "COMPREPLY+=($value)", "COMPREPLY+=($value); [[ $value == *= ]] && compopt -o nospace"
    )
