from sandbox import shares
from sandbox.steps import Ended

ENDED = [
    Ended("packages", 1.0, beside=False),
    Ended("tool kubernetes", 250.0, beside=False),
    Ended("images", 300.0, beside=True),
    Ended("tool etcd", 30.0, beside=False),
    Ended("pulumi up", 60.0, beside=False),
]


def test_the_longest_step_is_first_and_shares_are_of_the_whole() -> None:
    assert list(shares.lines(ENDED, 400.0)) == [
        "",
        "  STEP                   SECONDS  SHARE",
        "  tool kubernetes          250.0    62%",
        "  pulumi up                 60.0    15%",
        "  tool etcd                 30.0     8%",
        "  all others                60.0    15%",
        "  images                   300.0  beside the others",
        "  together                 400.0   100%",
    ]


def test_a_command_that_builds_nothing_needs_no_table() -> None:
    assert list(shares.lines(ENDED[:1], 60.0)) == []
