"""docs/notes.md walks the topics of the course: what computes each, what shows it, what came out."""

import re

import pytest

from nnlab.config.paths import EXPERIMENTS, ROOT

PAGE = (ROOT / "docs" / "notes.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^### (.+)\n((?:(?!^##).*\n)*)", PAGE, re.MULTILINE))
WEEKS = re.findall(r"^## (.+)", PAGE, re.MULTILINE)

TOPICS = {  # the topics of the notes in the order of the course, and what shows each
    "Supervised learning": "nnlab train data=hdf5",
    "More data and bigger nets": "more_data_bigger_nets",
    "What the layers find": "learned_features",
    "Nearest neighbours, for comparison": "knn_baseline",
    "An image is a column": "unrolling",
    "The scale of the inputs": "scale_of_inputs",
    "Logistic regression": "model=logistic",
    "Loss and cost": "nnlab.nn.losses.sigmoid_cross_entropy",
    "Why not the squared error?": "cross_entropy",
    "Gradient descent": "learning_rate",
    "Local optima": "local_minima",
    "The computation graph": "backprop_graph",
    "The gradient of the logistic loss": "stable_gradient",
    "No loops": "vectorization",
    "Mind the shapes": "keepdims",
    "A layer": "nnlab.nn.network.forward",
    "Sigmoid": "saturation",
    "Tanh": "tanh_over_sigmoid",
    "Why ReLU?": "why_relu",
    "Dead units, leaky ReLU": "dead_relu",
    "Linear units collapse": "linear_collapse",
    "The derivatives": "nnlab gradcheck",
    "Where does the 1/m belong?": "one_over_m",
    "Zero weights": "zero_init",
    "The size of the first weights": "init_scale",
    "One hidden layer can fit anything": "universal_approximation",
    "Forward and backward through L layers": "published_tables",
    "Depth beats width": "depth_vs_width",
    "Deeper is not always better": "deeper_not_always",
    "Parameters and hyperparameters": "nnlab sweep",
    "What comes later: momentum, minibatches, Adam, L2": "adam_and_rmsprop",
}
NO_TOPICS = {"gram_is_exact", "speed"}  # claims about nnlab itself


def test_the_topics_stand_in_the_order_of_the_course() -> None:
    assert list(SECTIONS) == list(TOPICS)
    assert [week.partition(":")[0] for week in WEEKS] == ["Week 1", "Week 2", "Week 3", "Week 4"]


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_has_what_shows_it(topic: str) -> None:
    section = SECTIONS[topic]
    assert TOPICS[topic] in section
    assert "- Function: " in section or "- Command: " in section


@pytest.mark.parametrize("topic", TOPICS)
def test_what_came_out_is_a_verdict(topic: str) -> None:
    """The documentation writes the verdict of today there, so the page itself has none to go stale."""
    for name in re.findall(r"`nnlab experiments ([\w ]+)`", SECTIONS[topic]):
        for claim in name.split():
            outcome = f"- What came out: [{claim}](../experiments/{claim}/README.md)\n"
            assert outcome in SECTIONS[topic], claim


def test_every_claim_and_every_page_to_run_has_its_place() -> None:
    shown = {path.parent.name for path in EXPERIMENTS.glob("*/README.md")} - NO_TOPICS
    linked = set(re.findall(r"\(\.\./experiments/(\w+)/README\.md\)", PAGE))
    assert shown - {"trainability_map"} <= linked
