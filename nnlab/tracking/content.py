"""Content: what the store gets of a record beside its files, checked before anything is begun with it."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from nnlab.config.schema import flatten
from nnlab.errors import UserError
from nnlab.records.record import Record
from nnlab.tracking import curves
from nnlab.tracking import tags as labels

NAME = re.compile(
    r"(?=.{1,250}$)\w[\w.-]*(/\w[\w.-]*)*", re.ASCII
)  # of a metric or parameter, as every store takes it


class Content(NamedTuple):
    """A record as metrics, parameters and tags."""

    points: list[curves.Point]
    params: dict[str, str]
    tags: dict[str, str]


def of(rec: Record, max_points: int) -> Content:
    """The content of a record; UserError for one that holds what nnlab does not write."""
    try:
        content = Content(curves.all_points(rec, max_points), params(rec.config), labels.of_record(rec))
        names = {*content.params, *(point.key for point in content.points)}
        if strange := sorted(name for name in names if not NAME.fullmatch(name)):
            raise ValueError(f"{strange[0]!r} is no name")
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise UserError(f"{rec.folder}: damaged ({error}); delete it and train again") from None
    return content


def params(config: Mapping[str, Any]) -> dict[str, str]:
    """A configuration by dotted keys; text as it is, the rest as JSON."""
    flat = flatten(dict(config))
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in flat.items()}
