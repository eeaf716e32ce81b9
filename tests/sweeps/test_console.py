"""What commands print."""

from nnlab.sweeps.console import wrapped


def test_a_sentence_is_wrapped_between_words_and_a_percent_sign_stays_with_its_number() -> None:
    text = "init.scale alone explains 91 % of the variance"
    assert wrapped(text, 28) == "init.scale alone explains\n91 % of the variance"
    assert wrapped(text, 80) == text
