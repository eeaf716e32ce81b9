"""The settings of the documentation's pages: `make docs` builds them with Sphinx."""

import importlib.metadata
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "extensions")]
os.environ["NNLAB_HOME"] = str(ROOT / "build" / "home")  # where a notebook's nets go
os.environ.pop("MLFLOW_TRACKING_URI", None)
os.environ["PLOTLY_RENDERER"] = "notebook"  # its figures as HTML that needs no network

project = "nnlab"
author = "the nnlab authors"
release = importlib.metadata.version("nnlab")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx_click",
    "sphinx_copybutton",
    "claims",
    "command_examples",
    "config_keys",
    "mathml",
    "plain_docstrings",
]
exclude_patterns = ["extensions"]
smartquotes = False  # of `--output` it would make a dash
highlight_language = "text"
default_role = "code"  # of the text in `--help`

# -- pages in Markdown, and notebooks -----------------------------------------------------------------

myst_enable_extensions = ["dollarmath", "html_image"]
myst_heading_anchors = 3
nb_execution_mode = "auto"  # a notebook without outputs is run
nb_execution_timeout = 240
nb_execution_raise_on_error = True

# -- the Python reference -----------------------------------------------------------------------------

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "separated"  # a class without how it is made: functions return the objects
autodoc_preserve_defaults = True
autodoc_use_type_comments = False

# -- what is an error: `make docs` makes errors of warnings -------------------------------------------

nitpicky = True
# types in signatures: NumPy's and Python's own pages are not part of this site, and it needs no network
nitpick_ignore_regex = [("py:.*", ".*")]

# -- how the pages look -------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "nnlab"
html_static_path = ["static"]
html_css_files = ["nnlab.css"]
html_js_files = ["nnlab.js"]
html_sidebars = {"start": []}  # it has no pages below it to list
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "nnlab"},
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "navbar_align": "left",
    "footer_start": [],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
copybutton_prompt_text = r"\$ |> |>>> |\.\.\. "  # the copied text is what is typed, without the prompt
copybutton_prompt_is_regexp = True
