"""The partition: the order of things is nothing to it, and no edge alone fuses two groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from hub.match.partition import ONE_ACCOUNT, Decisions, Edge, Partition, Traits, partition
from hub.match.thresholds import CERTAIN, CONFLICT, VETOED

_NODES = "abcdefg"
_PAIRS = tuple(f"{one}{other}" for one in _NODES for other in _NODES if one < other)
_WEIGHTS = st.dictionaries(
    st.sampled_from(_PAIRS), st.floats(-30, 30).map(lambda bits: round(bits, 2)), max_size=18
)
_DECIDED = st.sets(st.sampled_from(_PAIRS), max_size=3)
Evidence = Callable[[str, str], float]


def _silent(_one: str, _other: str) -> float:
    return 0.0


def _against(*pairs: str) -> Evidence:
    """Conflicting values in these pairs, and nothing to say about the others."""
    known = {frozenset(pair) for pair in pairs}
    return lambda one, other: CONFLICT if frozenset((one, other)) in known else 0.0


def _decisions(must: set[str] | None = None, never: set[str] | None = None) -> Decisions[str]:
    return Decisions(
        *([(pair[0], pair[1]) for pair in sorted(side or ())] for side in (must, never))
    )


def _run(
    nodes: str,
    weights: Mapping[str, float],
    evidence: Evidence = _silent,
    decisions: Decisions[str] = Decisions(),  # noqa: B008  # a tuple of nothing
) -> Partition[str]:
    edges = [Edge(pair[0], pair[1], bits) for pair, bits in weights.items()]
    return partition(nodes, edges, evidence=evidence, decisions=decisions)


def _groups(found: Partition[str]) -> list[str]:
    return ["".join(members) for members in found.clusters]


def test_a_certain_pair_is_one_and_a_possible_one_is_not() -> None:
    assert _groups(_run("abc", {"ab": CERTAIN, "bc": CERTAIN - 0.01})) == ["ab", "c"]


def test_a_weak_bridge_does_not_fuse_two_groups() -> None:
    groups = dict.fromkeys(("ab", "ac", "bc", "de", "df", "ef"), 20.0)
    found = _run("abcdef", {**groups, "cd": 5.0})
    assert _groups(found) == ["abc", "def"]
    assert [item.edge[:2] for item in found.apart] == [("c", "d")]
    assert "speaks against it" in found.apart[0].reason


def test_groups_that_many_pairs_speak_for_are_one() -> None:
    weights = dict.fromkeys(("ab", "cd"), 20.0) | dict.fromkeys(("ac", "ad", "bc", "bd"), 5.0)
    assert _groups(_run("abcd", weights)) == ["abcd"]


def test_strangers_do_not_chain() -> None:
    """Each is certain of the next alone: without a word for the rest, long chains break."""
    nodes = "abcdefghijklmnopqrst"
    chain = {f"{one}{other}": 4.0 for one, other in pairwise(nodes)}
    assert max(map(len, _groups(_run(nodes, chain)))) <= 4


def test_conflicting_values_keep_two_apart_whatever_holds_them() -> None:
    found = _run("abc", {"ab": 40.0, "bc": 30.0}, _against("ac"))
    assert _groups(found) == ["ab", "c"]
    assert [(item.edge[:2], item.reason) for item in found.apart] == [
        (("b", "c"), "conflicting values")
    ]


def test_an_edge_of_conflicting_values_joins_nobody() -> None:
    assert _groups(_run("ab", {"ab": 40.0}, _against("ab"))) == ["a", "b"]


def test_people_decide() -> None:
    assert _groups(_run("ab", {}, decisions=_decisions({"ab"}))) == ["ab"]
    assert _groups(_run("ab", {"ab": -30.0}, _against("ab"), _decisions({"ab"}))) == ["ab"]
    never = _run("ab", {"ab": 30.0}, decisions=_decisions(never={"ab"}))
    assert _groups(never) == ["a", "b"]
    assert [item.reason for item in never.apart] == ["never-link"]


def test_a_never_link_holds_against_a_detour_and_a_must_link() -> None:
    assert _groups(_run("abc", {"ab": 20, "bc": 15}, decisions=_decisions(never={"ac"}))) == [
        "ab",
        "c",
    ]
    found = _run("abc", {}, decisions=_decisions({"ab", "bc"}, {"ac"}))
    assert _groups(found) == ["ab", "c"]


def test_what_fits_two_that_cannot_be_one_joins_neither() -> None:
    found = _run("abc", {"ab": 10.0, "bc": 10.0}, _against("ac"))
    assert _groups(found) == ["a", "b", "c"]
    assert {item.reason for item in found.apart} == {"fits two customers"}
    assert _groups(_run("abc", {"ab": 10.0, "bc": 14.0}, _against("ac"))) == ["a", "bc"]


def test_a_person_settles_which_of_two_it_is() -> None:
    weights = {"ab": 10.0, "bc": 10.0}
    found = _run("abc", weights, _against("ac"), _decisions({"bc"}))
    assert _groups(found) == ["a", "bc"]


def test_a_vetoed_pair_is_outvoted_by_three() -> None:
    def vetoed(one: str, other: str) -> float:
        return VETOED if {one, other} == {"a", "b"} else 0.0

    assert _groups(_run("abx", {"ax": 10.0, "bx": 20.0}, vetoed)) == ["a", "bx"]
    crowd = dict.fromkeys(("xy", "yz", "xz", "ax", "ay", "az", "bx", "by", "bz"), 20.0)
    assert _groups(_run("abxyz", crowd, vetoed)) == ["abxyz"]


def test_a_leaning_pair_joins_and_a_vetoed_one_never() -> None:
    edges = [Edge("a", "b", 1.0, leans=True), Edge("c", "d", 30.0, vetoed=True)]
    assert _groups(partition("abcd", edges, evidence=_silent)) == ["ab", "c", "d"]


def test_edges_and_decisions_about_unknown_nodes_are_left_out() -> None:
    found = _run("ab", {"ax": 30.0, "ab": 0.5}, decisions=_decisions({"bz"}, {"az"}))
    assert _groups(found) == ["a", "b"]
    assert _run("", {}).clusters == ()


@given(_WEIGHTS, _DECIDED, _DECIDED, st.randoms())
def test_order_does_not_matter(
    weights: dict[str, float], must: set[str], never: set[str], shuffler: Random
) -> None:
    decisions, evidence = _decisions(must, never), _against("ag", "cf")
    expected = _run(_NODES, weights, evidence, decisions)
    edges = [Edge(pair[0], pair[1], bits) for pair, bits in weights.items()]
    for _ in range(3):
        shuffler.shuffle(edges)
        nodes = shuffler.sample(_NODES, len(_NODES))
        turned = [[pair[::-1] for pair in reversed(list(side))] for side in decisions]
        found = partition(nodes, edges, evidence=evidence, decisions=Decisions(*turned))
        assert found == expected


@given(_WEIGHTS, _DECIDED, _DECIDED)
def test_every_node_is_in_one_cluster_and_certain_edges_are_explained(
    weights: dict[str, float], must: set[str], never: set[str]
) -> None:
    found = _run(_NODES, weights, _against("bd"), _decisions(must, never))
    assert sorted(node for members in found.clusters for node in members) == list(_NODES)
    home = {node: members for members in found.clusters for node in members}
    parted = {
        pair for pair, bits in weights.items() if bits >= CERTAIN and home[pair[0]] != home[pair[1]]
    }
    assert {"".join(item.edge[:2]) for item in found.apart} == parted
    assert all(item.reason for item in found.apart)


@given(_WEIGHTS, _DECIDED, _DECIDED)
def test_decisions_and_conflicts_hold(
    weights: dict[str, float], must: set[str], never: set[str]
) -> None:
    clusters = [
        set(members) for members in _run(_NODES, weights, _silent, _decisions(must, never))[0]
    ]
    assert not any(set(pair) <= members for pair in never for members in clusters)
    if not never:
        assert all(any(set(pair) <= members for members in clusters) for pair in must)
    parted = _run(_NODES, weights, _against("ab", "cd")).clusters
    assert not any(set(pair) <= set(members) for pair in ("ab", "cd") for members in parted)


@given(_WEIGHTS)
def test_a_partition_of_what_was_joined_is_the_same(weights: dict[str, float]) -> None:
    """Each cluster, given alone with its own edges, is found again: a rerun moves nobody."""
    for members in _run(_NODES, weights).clusters:
        own = {pair: bits for pair, bits in weights.items() if set(pair) <= set(members)}
        assert _groups(_run("".join(members), own)) == ["".join(members)]


def _with_accounts(nodes: str, weights: Mapping[str, float], *held: str) -> Partition[str]:
    """Nodes, and for each group of them a ledger that allows a customer one account."""
    accounts = {node: frozenset({group}) for group in held for node in group}
    edges = [Edge(pair[0], pair[1], bits) for pair, bits in weights.items()]
    return partition(nodes, edges, evidence=_silent, traits=Traits(accounts))


def test_two_accounts_of_one_ledger_are_never_one() -> None:
    found = _with_accounts("abc", {"ab": 30.0, "bc": 20.0, "ac": 40.0}, "ab")
    assert _groups(found) == ["ac", "b"]
    assert {item.reason for item in found.apart} == {ONE_ACCOUNT}


def test_accounts_of_different_ledgers_may_be_one() -> None:
    assert _groups(_with_accounts("ab", {"ab": 30.0}, "a", "b")) == ["ab"]


def test_what_fits_two_accounts_equally_well_joins_neither() -> None:
    found = _with_accounts("abc", {"ac": 20.0, "bc": 20.0}, "ab")
    assert _groups(found) == ["a", "b", "c"]


def test_a_person_may_join_two_accounts_of_one_ledger() -> None:
    accounts = dict.fromkeys("ab", frozenset({"erp"}))
    found = partition(
        "ab", [], evidence=_silent, decisions=_decisions({"ab"}), traits=Traits(accounts)
    )
    assert _groups(found) == ["ab"]


@given(_WEIGHTS, _DECIDED, st.sets(st.sampled_from(_NODES)), st.randoms(use_true_random=False))
def test_accounts_stay_apart_in_any_order(
    weights: dict[str, float], must: set[str], held: set[str], random: Random
) -> None:
    accounts = dict.fromkeys(held, frozenset({"erp"}))
    edges = [Edge(pair[0], pair[1], bits) for pair, bits in weights.items()]
    free = partition(_NODES, edges, evidence=_silent, traits=Traits(accounts))
    assert all(len(held & set(members)) <= 1 for members in free.clusters)
    shuffled = random.sample(edges, len(edges))
    told = [
        partition(
            _NODES, given, evidence=_silent, decisions=_decisions(must), traits=Traits(accounts)
        )
        for given in (edges, shuffled)
    ]
    assert told[0] == told[1]


def test_a_node_that_says_nothing_has_no_voice() -> None:
    """Three such in a cluster would else outweigh what the fourth has in common with another."""
    decided, edges = _decisions({"ac", "ad", "ae"}), [Edge("a", "b", 2.6)]
    deaf = partition("abcde", edges, evidence=_silent, decisions=decided)
    assert _groups(deaf) == ["acde", "b"]
    silent = Traits(silent="cde")
    found = partition("abcde", edges, evidence=_silent, decisions=decided, traits=silent)
    assert _groups(found) == ["abcde"]


def test_silent_nodes_alone_join_nobody_and_may_be_joined() -> None:
    silent = Traits(silent="ab")
    assert _groups(partition("ab", [], evidence=_silent, traits=silent)) == ["a", "b"]
    decided = _decisions({"ab"})
    found = partition("ab", [], evidence=_silent, decisions=decided, traits=silent)
    assert _groups(found) == ["ab"]
