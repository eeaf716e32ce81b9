"""A page of HTML that holds all it needs: the template, the figures, plotly itself."""

import json
from collections.abc import Mapping
from typing import Any

import jinja2
import plotly.graph_objects as go
from markupsafe import Markup
from plotly.offline import get_plotlyjs

TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("nnlab.reports"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, figures: Mapping[str, dict[str, list[go.Figure]]], **content: Any) -> str:
    """The page of a template; ``figures`` by name and choice, each a row of panels."""
    drawn = {
        name: {choice: [json.loads(figure.to_json()) for figure in row] for choice, row in choices.items()}
        for name, choices in figures.items()
        if choices
    }
    text = json.dumps(drawn, separators=(",", ":")).replace("<", "\\u003c")  # no tag inside the script
    return TEMPLATES.get_template(template).render(
        choices=figures, figures_json=Markup(text), plotly_js=Markup(get_plotlyjs()), **content
    )
