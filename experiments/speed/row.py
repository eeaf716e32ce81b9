"""A row of the table: a measurement and its target."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One row. ``value`` is the ratio of nnlab's time to the peer's, or with a ``unit`` a number."""

    what: str
    ours: str
    peer: str = ""
    value: float | None = None
    target: float | None = None  # the largest allowed value; None: no target
    unit: str = ""

    @property
    def met(self) -> bool | None:
        """Is the target met? None if there is no target or no measurement."""
        return None if self.target is None or self.value is None else self.value <= self.target

    @property
    def peer_has_kernels(self) -> bool:
        """Does the peer bring kernels of its own, which OPENBLAS_CORETYPE does not choose?"""
        return "JAX" in self.what or "torch" in self.what.lower()

    @property
    def missing(self) -> bool:
        """Is there a target, but no measurement?"""
        return self.target is not None and self.value is None

    def cells(self) -> list[str]:
        """The texts of the columns: what, nnlab, peer, ratio, target, met."""
        ratio = "" if self.value is None or self.unit else ratio_text(self.value)
        target = "" if self.target is None else f"≤ {self.target:g} {self.unit}".rstrip()
        met = "not measured" if self.missing else {None: "", True: "yes", False: "**no**"}[self.met]
        return [self.what, self.ours, self.peer, ratio, target, met]


def ratio_text(ratio: float) -> str:
    """0.93, or 1/95 if nnlab is far ahead."""
    return f"{ratio:.2f}" if ratio >= 0.1 else f"1/{1 / ratio:.0f}"
