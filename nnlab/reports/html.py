"""A page of HTML that holds all it needs: its template, the figures as JSON, plotly itself."""

import json
from collections.abc import Mapping
from typing import Any

import jinja2
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from nnlab.reports.figures.base import Choices

TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("nnlab.reports"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, figures: Mapping[str, Choices], **content: Any) -> str:
    """The page of a template; ``figures`` are by the id of their place."""
    return TEMPLATES.get_template(template).render(
        figures=figures,
        figures_json=Markup(_as_json(figures)),
        plotly_js=Markup(get_plotlyjs()),
        **content,
    )


def fragment(html: str, **content: Any) -> Markup:
    """A piece of a page, from the text of its template, which can use the macro ``figure``."""
    macro = '{% from "figure.html" import figure %}'
    return Markup(TEMPLATES.from_string(macro + html).render(**content))


def _as_json(figures: Mapping[str, Choices]) -> str:
    """All figures as one JSON object, in which no text can end the script that holds it."""
    drawn = {
        id: {choice: figure.to_json(validate=False) for choice, figure in choices.items()}
        for id, choices in figures.items()
        if choices
    }
    return _escaped(_object({id: _object(choices) for id, choices in drawn.items()}))


def as_json(content: Any) -> Markup:
    """Plain values as JSON, in which no text can end the script that holds it."""
    return Markup(_escaped(json.dumps(content, separators=(",", ":"), allow_nan=False)))


def _escaped(text: str) -> str:
    return text.replace("<", "\\u003c")


def _object(members: Mapping[str, str]) -> str:
    """A JSON object whose values are JSON already."""
    return f"{{{','.join(f'{json.dumps(key)}:{value}' for key, value in members.items())}}}"
