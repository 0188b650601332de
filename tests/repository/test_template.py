"""What `template.yaml` promises, beyond what the template's own linter knows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

import logshape
from logshape import telemetry
from logshape.artefacts import ARTEFACTS, bind, glue, stack_template
from logshape.delivery import own_groups, returns, sweeping
from logshape.local import streams
from logshape.proof import template
from logshape.targets import occasions, runs

if TYPE_CHECKING:
    from logshape.contract.model import Contract

ROOT: Final = Path(__file__).parents[2]

DOCUMENTED: Final = {
    "LOGSHAPE_ALARM_TOPIC",
    "LOGSHAPE_ARCHIVE",
    "LOGSHAPE_CONTRACT",
    "LOGSHAPE_DESTINATION_ARN",
    "LOGSHAPE_DESTINATION_ROLE_ARN",
    "LOGSHAPE_FIREHOSE_STREAM",
    "LOGSHAPE_OPENSEARCH_AUTH",
    "LOGSHAPE_OPENSEARCH_SECRET",
    "LOGSHAPE_OPENSEARCH_URL",
    "LOGSHAPE_REDACT_KEY",
    "LOGSHAPE_SPOOL",
    "LOGSHAPE_STACK",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_SERVICE_NAME",
}


DAY_MS: Final = 86_400_000

# Saved queries have no ARN that a policy could name.
WITHOUT_ARN: Final = {"logs:DeleteQueryDefinition", "logs:DescribeQueryDefinitions", "logs:PutQueryDefinition"}


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as the placeholders that the artefacts use: ``!Ref X`` is ``${X}``."""


def _placeholder(loader: yaml.SafeLoader, function: str, node: yaml.Node) -> object:
    match node:
        case yaml.ScalarNode(value=value) if function == "Sub":
            return value.replace("${!", "${")
        case yaml.ScalarNode(value=value):
            return f"${{{value}}}"
        case yaml.SequenceNode():
            return {function: loader.construct_sequence(node, deep=True)}
        case _:
            pytest.fail(f"!{function} stands before a map")


Loader.add_multi_constructor("!", _placeholder)

TEMPLATE: Final[dict[str, Any]] = yaml.load(
    (ROOT / "template.yaml").read_text(encoding="utf-8"),
    Loader=Loader,  # noqa: S506 # it is a SafeLoader
)
RESOURCES: Final[dict[str, Any]] = TEMPLATE["Resources"]


def of_type(kind: str) -> dict[str, Any]:
    """Return the properties of each resource of *kind*, by its logical name."""
    return {name: entry["Properties"] for name, entry in RESOURCES.items() if entry["Type"] == kind}


def environment(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the variables that *properties* set, a function's or the globals'."""
    variables: dict[str, Any] = properties["Environment"]["Variables"]
    return variables


def statements(policies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return all statements of *policies*, the conditional ones too."""
    entries = [entry for policy in policies for entry in policy["PolicyDocument"]["Statement"]]
    return [entry["If"][1] if "If" in entry else entry for entry in entries]


@pytest.fixture(scope="module")
def contract() -> Contract:
    """Return the contract that the template deploys."""
    return logshape.load(ROOT / "shared/contract.yaml")


FUNCTIONS: Final = of_type("AWS::Serverless::Function")
BUCKETS: Final = of_type("AWS::S3::Bucket")
ROLES: Final = of_type("AWS::IAM::Role")


def test_every_variable_is_a_documented_one() -> None:
    """A misspelled variable switches a sink off, and nothing else says so."""
    set_here = [environment(TEMPLATE["Globals"]["Function"]), *map(environment, FUNCTIONS.values())]

    assert {name for variables in set_here for name in variables} - DOCUMENTED == set()


def test_ingest_has_both_sinks_and_the_spool() -> None:
    """Without a spool, what a sink refuses could only be lost."""
    variables = environment(FUNCTIONS["IngestFunction"])

    assert variables == {
        "LOGSHAPE_FIREHOSE_STREAM": "${ArchiveStream}",
        "LOGSHAPE_OPENSEARCH_URL": "${OpenSearchUrl}",
        "LOGSHAPE_OPENSEARCH_AUTH": {"If": ["HasSecret", "basic", "${AWS::NoValue}"]},
        "LOGSHAPE_OPENSEARCH_SECRET": "${OpenSearchSecretArn}",
        "LOGSHAPE_REDACT_KEY": "${RedactKeyArn}",
        "LOGSHAPE_SPOOL": "s3://${SpoolBucket}/spool",
    }


def test_the_loop_guard_knows_every_log_of_the_stack() -> None:
    """A log group that is written along the way and subscribed by hand would feed itself."""
    variables = {
        "AWS_LAMBDA_FUNCTION_NAME": "${AWS::StackName}-ingest",
        "LOGSHAPE_FIREHOSE_STREAM": of_type("AWS::KinesisFirehose::DeliveryStream")["ArchiveStream"][
            "DeliveryStreamName"
        ],
    }
    logs = {group["LogGroupName"] for group in of_type("AWS::Logs::LogGroup").values()}

    assert logs - own_groups(variables) == set()


def test_every_handler_is_there_and_goes_as_it_is() -> None:
    """`SkipBuild` keeps sam from installing a second copy of what the layer carries."""
    for name, function in FUNCTIONS.items():
        handler = ROOT / function["CodeUri"] / "handler.py"

        assert function["Handler"] == "handler.handle"
        assert re.search(r"^(?:def handle\(|handle = )", handler.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert RESOURCES[name]["Metadata"] == {"SkipBuild": True}


def test_layer_has_a_recipe_under_its_own_name() -> None:
    """Sam looks for the target `build-` and the layer's name, in the layer's own Makefile."""
    layers = of_type("AWS::Serverless::LayerVersion")
    recipe = (ROOT / "shared/Makefile").read_text(encoding="utf-8")

    assert {f"build-{name}" for name in layers} == set(re.findall(r"^(build-\w+):", recipe, flags=re.MULTILINE))


def test_failed_invocations_are_tried_again_and_then_kept() -> None:
    """CloudWatch Logs invokes asynchronously: after the last try Lambda drops the payload, unless it is told where."""
    settings = FUNCTIONS["IngestFunction"]["EventInvokeConfig"]

    assert settings["MaximumRetryAttempts"] == 2
    assert settings["DestinationConfig"]["OnFailure"] == {"Type": "S3Bucket", "Destination": "${SpoolBucket.Arn}"}


def test_a_message_is_hidden_for_as_long_as_its_object_may_be_sent() -> None:
    """Two functions at one object would archive it twice; Lambda asks for six times the function's time."""
    queue, function = RESOURCES["RedriveQueue"]["Properties"], FUNCTIONS["RedriveFunction"]
    messages = function["Events"]["Messages"]["Properties"]

    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert messages["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert messages["Queue"] == "${RedriveQueue.Arn}"


def test_waiting_makes_nothing_poison() -> None:
    """While a store is down a message comes and goes for days, and its documents have no fault."""
    queue = RESOURCES["RedriveQueue"]["Properties"]
    fewest_seconds = sum(min(returns.LONGEST_WAIT, returns.FIRST_WAIT * 2**n) / 2 for n in range(1000))

    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": "${RedriveDeadLetters.Arn}", "maxReceiveCount": 1000}
    assert {each["MessageRetentionPeriod"] for each in of_type("AWS::SQS::Queue").values()} == {14 * 86_400}
    assert fewest_seconds > queue["MessageRetentionPeriod"]


def test_whatever_waits_tells_the_queue() -> None:
    """A prefix that is not told of would wait for the sweep, and one that redrive does not know for ever."""
    told = {
        (name, each["Filter"]["S3Key"]["Rules"][0]["Value"])
        for name, bucket in BUCKETS.items()
        for each in bucket["NotificationConfiguration"]["QueueConfigurations"]
    }
    swept = sweeping.places(
        {"LOGSHAPE_SPOOL": "s3://SpoolBucket/spool", "LOGSHAPE_ARCHIVE": "s3://ArchiveBucket/archive"}
    )

    assert told == set(swept)
    # S3 asks the queue whether it may tell it, when the bucket is made.
    assert {RESOURCES[name]["DependsOn"] for name in BUCKETS} == {"RedriveQueuePolicy"}


def test_the_sweep_knows_the_queue() -> None:
    """It is told by the schedule: the function itself is told of messages alone."""
    sweep = FUNCTIONS["RedriveFunction"]["Events"]["Sweep"]["Properties"]

    assert json.loads(sweep["Input"]) == {"occasion": "sweep", "queue": "${RedriveQueue}"}


@pytest.mark.parametrize("name", of_type("AWS::SQS::Queue"))
def test_queue_is_encrypted_and_refuses_links_without(name: str) -> None:
    """A message of Lambda's own may hold events."""
    policies = [
        statement
        for policy in of_type("AWS::SQS::QueuePolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if policy["Queues"] == [f"${{{name}}}"]
    ]

    assert RESOURCES[name]["Properties"]["SqsManagedSseEnabled"] is True
    assert {"Bool": {"aws:SecureTransport": "false"}} in [
        statement["Condition"] for statement in policies if statement["Effect"] == "Deny"
    ]


def test_an_alarm_tells_somebody() -> None:
    """An alarm without an action is seen by who looks, which nobody does at night."""
    assert [alarm["AlarmActions"] for alarm in of_type("AWS::CloudWatch::Alarm").values()] == [
        ["${AlarmTopic}"] for _ in of_type("AWS::CloudWatch::Alarm")
    ]


def test_a_stream_hands_over_batches_of_which_nothing_is_lost() -> None:
    """A record that fails for ever holds up its shard, and is gone when the stream forgets it, unless it goes elsewhere."""
    mapping, stream = RESOURCES["LineStreamMapping"]["Properties"], RESOURCES["LineStream"]["Properties"]

    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"]
    assert mapping["MaximumRecordAgeInSeconds"] < stream["RetentionPeriodHours"] * 3600
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == "${SpoolBucket.Arn}"
    assert mapping["BatchSize"] == streams.MOST_RECORDS
    assert (stream["StreamModeDetails"], stream["StreamEncryption"]["EncryptionType"]) == (
        {"StreamMode": "ON_DEMAND"},
        "KMS",
    )


def test_what_belongs_to_a_stream_is_there_only_with_it() -> None:
    """An on-demand stream costs by the hour."""
    conditional = {name for name, entry in RESOURCES.items() if entry.get("Condition") == "FromKinesis"}

    assert conditional == {name for name in RESOURCES if name.startswith("LineStream")}


def test_subscriptions_send_to_where_ingest_takes_lines_from() -> None:
    """Govern reads the variables, and whoever plans by hand the outputs."""
    where = {"If": ["FromKinesis", "${LineStream.Arn}", "${IngestFunction.Arn}"]}
    variables = environment(FUNCTIONS["GovernFunction"])

    assert variables["LOGSHAPE_DESTINATION_ARN"] == TEMPLATE["Outputs"]["IngestArn"]["Value"] == where
    assert TEMPLATE["Outputs"]["IngestRoleArn"]["Value"] == "${LineStreamRole.Arn}"
    assert RESOURCES["Governed"]["Properties"]["Source"] == "${Source}"


def test_alarms_look_at_counts_that_ingest_publishes() -> None:
    """An alarm on a metric that nobody publishes is always green."""
    metrics = [
        query["MetricStat"]["Metric"]
        for alarm in of_type("AWS::CloudWatch::Alarm").values()
        for query in alarm.get("Metrics", ())
        if "MetricStat" in query
    ]
    ours = [metric for metric in metrics if metric["Namespace"] == "logshape/${AWS::StackName}"]
    dimensions = [{entry["Name"]: entry["Value"] for entry in metric["Dimensions"]} for metric in ours]

    of_redaction = (telemetry.UNHASHED, telemetry.UNREDACTED)
    assert len(ours) == 7
    for metric, known in zip(ours, dimensions, strict=True):
        assert known["function"] == "${IngestFunction}"
        assert metric["MetricName"] in (telemetry.COUNTS[known["sink"]] if "sink" in known else of_redaction)


def test_govern_hears_of_new_log_groups_that_were_made() -> None:
    """CloudTrail tells of failed calls too, and a rule without the test would wake govern for each of them."""
    events = FUNCTIONS["GovernFunction"]["Events"]

    assert events["LogGroupCreated"]["Properties"]["Pattern"] == {
        "source": ["aws.logs"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventSource": ["logs.amazonaws.com"],
            "eventName": ["CreateLogGroup"],
            "errorCode": [{"exists": False}],
        },
    }
    assert occasions.read(json.loads(events["Hourly"]["Properties"]["Input"])) == occasions.Routine()


def test_each_new_contract_is_applied_by_its_deployment() -> None:
    """The layer's version is a property of the resource: CloudFormation updates it when, and only when, it changes."""
    resource = RESOURCES["Governed"]

    assert resource["Properties"] == {
        "ServiceToken": "${GovernFunction.Arn}",
        "Layer": "${SharedLayer}",
        "Source": "${Source}",
    }
    # CloudWatch tries the function when it is subscribed, and while the stack goes filters go before the function.
    assert resource["DependsOn"] == "IngestPermission"


def test_what_govern_keeps_of_a_run_lies_beside_the_spool_and_goes_away() -> None:
    """A run is obeyed for a day; what it saw names log groups, and need not be kept."""
    spool = environment(FUNCTIONS["GovernFunction"])["LOGSHAPE_SPOOL"]
    rules = {
        rule["Prefix"]: rule for rule in BUCKETS["SpoolBucket"]["LifecycleConfiguration"]["Rules"] if "Prefix" in rule
    }

    assert spool == environment(FUNCTIONS["IngestFunction"])["LOGSHAPE_SPOOL"] == "s3://${SpoolBucket}/spool"
    assert rules["spool/govern/"]["ExpirationInDays"] * DAY_MS > runs.OLDEST_MS


def test_one_permission_serves_all_log_groups() -> None:
    """One a log group would fill the function's policy of 20 KB, and a subscription would fail."""
    assert of_type("AWS::Lambda::Permission") == {
        "IngestPermission": {
            "FunctionName": "${IngestFunction}",
            "Action": "lambda:InvokeFunction",
            "Principal": "logs.${AWS::Region}.amazonaws.com",
            "SourceAccount": "${AWS::AccountId}",
            "SourceArn": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*",
        }
    }


def test_table_is_the_one_that_the_contract_derives(contract: Contract) -> None:
    """Firehose drops what has no column: a table behind the contract would lose fields without a word."""
    derived = glue.derive(contract)

    assert of_type("AWS::Glue::Table")["ArchiveTable"]["TableInput"] == derived["TableInput"]
    assert of_type("AWS::Glue::Database")["ArchiveDatabase"]["DatabaseInput"]["Name"] == derived["DatabaseName"]


def test_what_follows_from_the_contract_is_as_make_template_writes_it(contract: Contract) -> None:
    """Columns and lifecycle rules are derived: whoever mends them by hand learns it here."""
    text = template.read(ROOT / template.NAME)

    assert stack_template.written(contract, text) == text


def test_stream_is_the_one_that_the_contract_derives(contract: Contract) -> None:
    """The stack on one machine runs the derived stream: a difference would make its answer worthless."""
    known = {
        "${ArchiveStreamRole.Arn}": "${FirehoseRoleArn}",
        "${ArchiveDatabase}": glue.DATABASE,
        "${ArchiveTable}": glue.table_name(contract),
    }
    destination = bind(
        of_type("AWS::KinesisFirehose::DeliveryStream")["ArchiveStream"]["ExtendedS3DestinationConfiguration"], known
    )
    del (
        destination["CloudWatchLoggingOptions"],
        destination["DataFormatConversionConfiguration"]["SchemaConfiguration"]["CatalogId"],
    )
    derived = ARTEFACTS["firehose"](contract)
    assert isinstance(derived, dict)

    assert destination == derived["ExtendedS3DestinationConfiguration"]


@pytest.mark.parametrize("name", BUCKETS)
def test_bucket_is_encrypted_closed_and_kept(name: str) -> None:
    """Log lines hold what people type: nobody reads them unasked, and they outlive a stack deleted by mistake."""
    bucket, resource = BUCKETS[name], RESOURCES[name]

    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert bucket["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


@pytest.mark.parametrize("name", BUCKETS)
def test_bucket_refuses_links_without_encryption(name: str) -> None:
    """S3 answers plain HTTP unless a policy forbids it."""
    policy = of_type("AWS::S3::BucketPolicy")[f"{name}Policy"]

    assert policy == {
        "Bucket": f"${{{name}}}",
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "EncryptedLinksOnly",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [f"${{{name}.Arn}}", f"${{{name}.Arn}}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        },
    }


def test_every_log_group_has_a_retention() -> None:
    """A log group without one keeps, and bills, for ever."""
    groups = of_type("AWS::Logs::LogGroup")

    assert [name for name, group in groups.items() if "RetentionInDays" not in group] == []


@pytest.mark.parametrize("name", ROLES)
def test_role_allows_named_actions_on_named_resources(name: str) -> None:
    """What a role may do is what the code calls, and no managed policy adds to it."""
    role = ROLES[name]
    granted = [
        (action, resource)
        for statement in statements(role["Policies"])
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        for resource in ([statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"])
    ]

    wide = {action for action, resource in granted if "*" in action or resource.startswith("*")}
    assert wide - WITHOUT_ARN == set()
    assert "ManagedPolicyArns" not in role
