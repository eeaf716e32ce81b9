"""The headline: what a sweep found, in a few sentences for its summary, its report and MLflow.

Each sentence is made of counts and figures of this sweep alone, so nothing in the sweep can refute it.
"""

from collections.abc import Sequence

import numpy as np

from nnlab.cells.findings.best import best_sentence
from nnlab.cells.findings.importance import importance
from nnlab.cells.findings.paired_tests import Compared
from nnlab.cells.findings.rules import Rule, best_rule, every_net, largest_pure
from nnlab.cells.findings.variation import Column, columns
from nnlab.cells.ranking import NUISANCE, Configuration, R, Result

ENDED = {  # the states in the order in which they are counted, and how a sentence says them
    "learnt": "learnt",
    "stuck": "got stuck",
    "diverged": "diverged",
    "failed": "failed",
    "finished": "finished",
}
MEANT = {
    "stuck": " (no better than a constant answer)",
    "diverged": " (the cost went to infinity)",
    "failed": " with an error",
    "finished": " (their records do not say whether they learnt)",
}
MOST_RULES = 2
BY_CHANCE = 0.001  # that so many drawn nets all learnt: what is likelier says nothing of the keys


def headline(
    results: Sequence[R],
    keys: Sequence[str],
    trained: Sequence[Configuration[R]],
    compared: Sequence[Compared[R]],
) -> list[str]:
    """At most six sentences on a sweep: how its nets ended, what decided it, what matters, what is best.

    ``results`` are all cells, those without an end are left out; ``keys`` are the varied keys. ``trained``
    are the configurations of which a run did not diverge, the best first, and ``compared`` the first of
    them, each tested against the best.
    """
    ended = [run for run in results if run.state in ENDED]
    if not ended:
        return []
    sentences = [_ends(ended), *_what_decides(ended, keys)]
    if any(run.state in ("learnt", "finished") for run in ended):
        sentences += _what_matters(ended, keys, trained[0].select_by)
        if all(len(configuration.runs) == 1 for configuration in trained):
            who = "Each configuration" if len(trained) > 1 else "The net"
            sentences.append(f"{who} was trained once, so the noise of seeds is unknown.")
        sentences.append(best_sentence(trained, compared, ended))
    return sentences


def _ends(ended: Sequence[Result]) -> str:
    """`78 of 108 nets learnt; 27 got stuck (no better than a constant answer) and 3 diverged (...).`"""
    states = [run.state for run in ended]
    learnt, n = states.count("learnt"), len(states)
    if learnt == n:
        return f"{every_net(n)} learnt."
    others = [state for state in ENDED if state in states and state != "learnt"]
    if learnt == 0 and len(others) == 1:
        return f"{every_net(n)} {ENDED[others[0]]}{MEANT[others[0]]}."
    counts = _and([f"{states.count(state)} {ENDED[state]}{MEANT[state]}" for state in others])
    return f"{learnt or 'None'} of {n} nets learnt; {counts}."


def _what_decides(ended: Sequence[Result], keys: Sequence[str]) -> list[str]:
    """Rules for each way to end but the most frequent, and where every net learnt."""
    states = np.array([run.state for run in ended])
    counts = {state: int((states == state).sum()) for state in ENDED}
    most = max(counts, key=lambda state: counts[state])
    rare = [state for state in ENDED if counts[state] > 0 and state != most]
    rules = {state: _rules(ended, keys, state, MOST_RULES // len(rare) or 1) for state in rare}
    sentences = [text for state in rare for text in _in_words(rules[state], ENDED[state])][:MOST_RULES]
    all_said = len(rare) == 1 and rules[rare[0]] and rules[rare[0]][-1].outside_with == 0
    if most == "learnt" and rare and not all_said and len(sentences) < MOST_RULES:
        pure = largest_pure(_factors(ended, keys), states == most)
        telling = pure and (counts[most] / len(states)) ** pure.inside < BY_CHANCE
        sentences += [pure.of_all(ENDED[most])] if pure and telling else []
    return sentences


def _rules(ended: Sequence[Result], keys: Sequence[str], state: str, most: int) -> list[Rule]:
    """The best rule for one way to end; if it holds without exception, one for the cells outside of it."""
    rules: list[Rule] = []
    left = list(ended)
    while len(rules) < most:
        rule = best_rule(_factors(left, keys), np.array([run.state == state for run in left]))
        rules += [rule] if rule else []
        if rule is None or not rule.pure or rule.outside_with == 0:
            break
        left = [run for run, inside in zip(left, rule.cells, strict=True) if not inside]
    return rules


def _in_words(rules: Sequence[Rule], verb: str) -> list[str]:
    """The first rule, and the others of the cells outside of the one before."""
    first, rest = [rule.sentence(verb) for rule in rules[:1]], rules[1:]
    return first + [
        f"Of these {before.outside}, {(text := rule.sentence(verb))[0].lower()}{text[1:]}"
        for before, rule in zip(rules, rest, strict=False)
    ]


def _factors(results: Sequence[Result], keys: Sequence[str]) -> list[Column]:
    """The columns of the keys that vary, without those that repeat a configuration."""
    return columns([run.params for run in results], [key for key in keys if key not in NUISANCE])


def _what_matters(ended: Sequence[Result], keys: Sequence[str], select_by: str) -> list[str]:
    """What matters for the score on the training set; for the ranked score, if that is always the same."""
    for metric in (f"train/{select_by.partition('/')[2]}", select_by):
        known = [run for run in ended if metric in run.counted]
        found = importance(known, keys, metric)
        if found and (found.noise is not None or len(found.keys) > 1):
            return [found.sentence()]
    return []


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
