"""What the name of an array or a file says: training or test set, examples or labels."""

import re
from typing import Literal

Role = Literal["train", "test", "validation"]
Part = Literal["x", "y", "classes"]

ROLES: dict[Role, set[str]] = {
    "train": {"train", "training", "trn", "tr"},
    "test": {"test", "testing", "tst", "te"},
    "validation": {"validation", "valid", "val", "dev"},
}
EXAMPLES = {
    "x", "image", "images", "img", "imgs", "picture", "pictures", "photo", "photos", "pixels", "input",
    "inputs", "feature", "features", "sample", "samples", "example", "examples",
}  # fmt: skip
LABELS = {"y", "t", "label", "labels", "target", "targets", "class", "output", "outputs", "digit", "digits"}
CLASSES = {"classes", "categories"}
NAMES = {"name", "names"}  # with a word for labels: the classes, as in label_names
FILLERS = {"set", "dataset", "data", "list", "orig"}  # "data" alone, or with a role, is the examples
GLUED = re.compile(r"(x|y)(train|test|tr|te|val)|(train|test|tr|te|val)(x|y)")


def role(name: str) -> Role | None:
    """The set that a name says; None if it says none, or two."""
    found = {role for role, words in ROLES.items() if words & set(_words(name))}
    return found.pop() if len(found) == 1 else None


def is_role(name: str) -> bool:
    """Whether a name says a set and nothing else, as train or test_set."""
    words = set(_words(name))
    return any(words & meant and words <= meant | FILLERS for meant in ROLES.values())


def part(name: str) -> Part | None:
    """What an array of this name is; None if a word of the name is not known."""
    roles = set().union(*ROLES.values())
    words = set(_words(name))
    kinds = words - roles - FILLERS
    if kinds <= CLASSES | LABELS | NAMES and (kinds & CLASSES or (kinds & LABELS and kinds & NAMES)):
        return "classes"
    if kinds <= EXAMPLES and (kinds or "data" in words):
        return "x"
    return "y" if kinds and kinds <= LABELS else None


def _words(name: str) -> list[str]:
    """The words of a name, in small letters: X_train, trainX, xtrain and train/x give x and train."""
    words = []
    for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name):
        glued = GLUED.fullmatch(word.lower())
        words += [group for group in glued.groups() if group] if glued else [word.lower()]
    return words
