"""What a contract's alarms look at, and when somebody is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logshape.artefacts import alarms, bind
from tests.unit.botocore_shapes import faults

if TYPE_CHECKING:
    from logshape.contract.model import Contract

STACK = {"${AlarmTopic}": "arn:aws:sns:eu-west-1:123456789012:alarms"}


def test_cloudwatch_takes_each_alarm(shop: Contract) -> None:
    """Its client checks neither lengths nor enumerations."""
    derived = [bind(alarm, STACK) for alarm in alarms.derive(shop)]

    assert [faults("cloudwatch", "PutMetricAlarm", alarm) for alarm in derived] == [[]] * 4


def test_a_count_is_summed_up_and_a_value_averaged(shop: Contract) -> None:
    """Five errors are a sum; the sum of latencies is nothing."""
    told = {
        alarm["AlarmName"]: (alarm["Statistic"], alarm["Period"], alarm["Threshold"]) for alarm in alarms.derive(shop)
    }

    assert told == {
        "logshape/shop-eu/errors": ("Sum", 300, 5.0),
        "logshape/shop-eu/latency": ("Average", 7200, 2500.5),
        "logshape/shop-eu/throttled/api": ("Sum", 60, 0.0),
        "logshape/shop-eu/throttled/orders": ("Sum", 60, 0.0),
    }


def test_an_alarm_on_a_metric_with_dimensions_looks_at_the_one_without(shop: Contract) -> None:
    """A line without the dimension's field would never wake anybody."""
    [latency] = [alarm for alarm in alarms.derive(shop) if alarm["MetricName"] == "latency"]

    assert "Dimensions" not in latency


def test_an_alarm_says_what_it_is_about(shop: Contract) -> None:
    """It is read at night, by somebody who has not written the contract."""
    told = {alarm["MetricName"]: alarm["AlarmDescription"] for alarm in alarms.derive(shop)}

    assert told == {
        "errors": "More than 5 lines within 5 min where level >= ERROR",
        "latency": "duration over 2500.5 on average within 2 h where exists duration",
        "throttled/api": "More than 0 lines within 1 min where status = 429",
        "throttled/orders": "More than 0 lines within 1 min where status = 429",
    }
