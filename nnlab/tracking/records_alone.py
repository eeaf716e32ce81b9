"""Records alone, `tracking=none`: nothing is published, so MLflow is not loaded and no store is made."""

from pathlib import Path

from nnlab.cells.plan import Plan
from nnlab.tracking.publication import Publication
from nnlab.tracking.publisher import Opened, Publisher


class RecordsAlone(Publisher):
    """A publisher that publishes nothing; `nnlab sync` does it later."""

    def publish(self, last: bool = False) -> bool:
        """Do nothing."""
        return True

    @property
    def publication(self) -> Publication:
        """Nothing was published, and nothing waits."""
        return Publication(0, (), (), None, away=False, pages=None, alone=True)


def publisher_of(plan: Plan, home: Path, opened: Opened | None = None) -> Publisher:
    """The publisher that the plan asks for. It trusts the home's notes, which `nnlab sync` does not."""
    publisher = Publisher(plan, home, opened=opened) if plan.published else RecordsAlone(plan, home)
    publisher.trusting = True
    return publisher
