"""Saved queries become definitions as their files stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logshape.artefacts import queries
from logshape.errors import UnreadableInput
from tests.unit.botocore_shapes import faults

if TYPE_CHECKING:
    from logshape.contract.model import Contract

TEXTS = {
    "slowest.cwli": "# Slowest requests\nfilter duration > 1000\n| sort duration desc\n| limit 20\n",
    "errors.cwli": "# Errors by service\nfilter level = 'ERROR'\n| stats count(*) by service\n",
}


def test_a_query_is_deployed_as_its_file_stands_under_its_title(shop: Contract) -> None:
    """What is tested is what runs, comment and line breaks too."""
    derived = queries.derive(shop, TEXTS)

    assert derived == [
        {
            "name": "logshape/shop-eu/Errors by service",
            "queryLanguage": "CWLI",
            "queryString": TEXTS["errors.cwli"],
        },
        {
            "name": "logshape/shop-eu/Slowest requests",
            "queryLanguage": "CWLI",
            "queryString": TEXTS["slowest.cwli"],
        },
    ]
    # The token that makes a repeated call harmless is the client's to choose.
    assert [faults("logs", "PutQueryDefinition", call) for call in derived] == [[], []]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            {"a.cwli": "filter x = 1\n"},
            "a.cwli:1: saw `filter x = 1`, wanted `# title`: it names the query in CloudWatch",
        ),
        ({"a.cwli": ""}, "a.cwli:1: saw ``, wanted `# title`: it names the query in CloudWatch"),
        ({"a.cwli": "#  \n"}, "a.cwli:1: saw `#`, wanted `# title`: it names the query in CloudWatch"),
        (
            {"a.cwli": "# T\n", "b.cwli": "#T\nlimit 1"},
            "b.cwli:1: the title is that of a.cwli too; give each query its own",
        ),
        ({"a.cwli": f"# {'t' * 239}\n"}, "a.cwli: the name has 256 characters; CloudWatch takes 255"),
        ({"a.cwli": f"# T\n{'x' * 10_000}"}, "a.cwli: the query has 10004 characters; CloudWatch takes 10000"),
    ],
)
def test_a_query_that_cloudwatch_could_not_keep_is_refused(texts: dict[str, str], message: str, shop: Contract) -> None:
    """Names are no keys there: two of one name would be two definitions, and each run would make more."""
    with pytest.raises(UnreadableInput) as caught:
        queries.derive(shop, texts)

    assert str(caught.value) == message
