"""Pictures with and without a cat, painted by code.

``generator`` paints pictures and sets of any size. It loads PIL, so import it where you paint.
"""

from nnlab.data.painted.default import paint_default, remark

__all__ = ["generator", "paint_default", "remark"]
