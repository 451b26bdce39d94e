"""Serves moto on a free port of the loopback, says which, and ends when its standard input does: with the process that
started it, however that one ends.

moto keeps less of what it is told than AWS does. What a whole deployment needs, and a few lines can add, is added here:
calls that moto does not have, and values that it takes and forgets. Nothing here makes AWS laxer than it is, but for bucket
policies, whose conditions moto does not read: every `Deny` with a condition would always hold.
"""

import json
import sys

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core import serialize
from moto.core.responses import ActionResult
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ecs.models import EC2ContainerServiceBackend, Service
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.iam.access_control import PermissionResult
from moto.rds.models import DBCluster, DBInstance, RDSBackend
from moto.s3.models import FakeBucket
from moto.secretsmanager.exceptions import InvalidRequestException
from moto.secretsmanager.models import SecretsManagerBackend
from moto.server import ThreadedMotoServer


def s3_answers():
    """Three answers have other root elements than AWS's, which only some SDKs do not mind."""
    roots = {
        "GetBucketVersioning": "VersioningConfiguration",
        "GetBucketTagging": "Tagging",
        "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    }

    class S3Serializer(serialize.S3Serializer):
        def _serialize_body(self, body):
            root = roots.get(self.operation_model.name)
            if root and "Error" not in body:
                body = {root: content for content in body.values()}
            return super()._serialize_body(body)

    serialize.SERVICE_SPECIFIC_SERIALIZERS["s3"]["rest-xml"] = S3Serializer


def bucket_policies():
    """Conditions are not read, so policies are kept and not enforced. A principal may be a plain `*`."""
    FakeBucket.get_permission = lambda self, action, resource: PermissionResult.NEUTRAL
    FakeBucket._log_permissions_enabled_policy = staticmethod(
        lambda target_bucket, target_prefix: b"logging.s3.amazonaws.com" in (target_bucket.policy or b"")
    )


def tags_of_scalable_targets():
    """moto has neither of the calls, and no tags."""
    register = ApplicationAutoScalingResponse.register_scalable_target
    tags = {}

    def keep(self, arn, more):
        tags.setdefault((self.current_account, self.region, arn), {}).update(more)

    def register_scalable_target(self):
        answer = register(self)
        keep(self, json.loads(answer)["ScalableTargetARN"], self._get_param("Tags") or {})
        return answer

    def list_tags_for_resource(self):
        return json.dumps({"Tags": tags.get((self.current_account, self.region, self._get_param("ResourceARN")), {})})

    def tag_resource(self):
        keep(self, self._get_param("ResourceARN"), self._get_param("Tags") or {})
        return "{}"

    ApplicationAutoScalingResponse.register_scalable_target = register_scalable_target
    ApplicationAutoScalingResponse.list_tags_for_resource = list_tags_for_resource
    ApplicationAutoScalingResponse.tag_resource = tag_resource


def services_of_ecs():
    """Some properties of a service are forgotten. Its deployments are calls that moto does not have: each is done at once."""
    kept = {
        "capacityProviderStrategy": "capacity_provider_strategy",
        "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
        "enableECSManagedTags": "enable_ecs_managed_tags",
        "enableExecuteCommand": "enable_execute_command",
        "availabilityZoneRebalancing": "availability_zone_rebalancing",
        "deploymentConfiguration": "deployment_configuration",
    }
    create = EC2ContainerServiceResponse.create_service
    update = EC2ContainerServiceResponse.update_service

    def keeping(call):
        def of(self):
            answer = call(self)
            service = answer.result["service"]
            for parameter, attribute in kept.items():
                value = self._get_param(parameter)
                if value is not None:
                    setattr(service, attribute, value)
            if service.deployments:
                service.deployments[0]["taskDefinition"] = service.task_definition
            return answer

        return of

    def deployment_of(self, service):
        arn = service.arn.replace(":service/", ":service-deployment/") + "/" + service.deployments[0]["id"][8:]
        return {
            "serviceDeploymentArn": arn,
            "serviceArn": service.arn,
            "clusterArn": service.cluster_arn,
            "status": "SUCCESSFUL",
            "createdAt": service.deployments[0]["createdAt"],
        }

    def list_service_deployments(self):
        services, _ = self.ecs_backend.describe_services(self._get_param("cluster"), [self._get_param("service")])
        return ActionResult({"serviceDeployments": [deployment_of(self, service) for service in services]})

    def describe_service_deployments(self):
        found = [
            deployment
            for deployment in map(lambda service: deployment_of(self, service), self.ecs_backend.services.values())
            if deployment["serviceDeploymentArn"] in self._get_param("serviceDeploymentArns")
        ]
        return ActionResult({"serviceDeployments": found})

    EC2ContainerServiceResponse.create_service = keeping(create)
    EC2ContainerServiceResponse.update_service = keeping(update)
    EC2ContainerServiceResponse.list_service_deployments = list_service_deployments
    EC2ContainerServiceResponse.describe_service_deployments = describe_service_deployments


def databases():
    """An Aurora instance forgets how it is watched; and a cluster without the first serverless has no figures of it."""
    kept = {
        "monitoring_interval": "monitoring_interval",
        "monitoring_role_arn": "monitoring_role_arn",
        "enable_performance_insights": "performance_insights_enabled",
        "performance_insights_kms_key_id": "performance_insights_kms_key_id",
        "performance_insights_retention_period": "performance_insights_retention_period",
    }
    create, modify = RDSBackend.create_db_instance, RDSBackend.modify_db_instance

    def keep(database, values):
        for parameter, attribute in kept.items():
            if values.get(parameter) is not None:
                setattr(database, attribute, values[parameter])
        return database

    RDSBackend.create_db_instance = lambda self, values: keep(create(self, values), values)
    RDSBackend.modify_db_instance = lambda self, name, values: keep(modify(self, name, values), values)
    info = DBCluster.scaling_configuration_info.fget
    DBCluster.scaling_configuration_info = property(lambda self: info(self) if self.scaling_configuration else None)


def descriptions_of_rules():
    """The description of a rule for another security group is kept with the group, and not told."""
    SecurityGroupRule.description = property(
        lambda self: self.ip_range.get("Description") or (self.source_group or {}).get("Description")
    )


def secrets_that_are_going():
    """AWS says why the value of a secret that is scheduled for deletion is not given, in words by which clients know."""
    get = SecretsManagerBackend.get_secret_value

    def get_secret_value(self, secret_id, *more, **named):
        if self._is_valid_identifier(secret_id) and self.secrets[secret_id].is_deleted():
            raise InvalidRequestException(
                "You can't perform this operation on the secret because it was marked for deletion."
            )
        return get(self, secret_id, *more, **named)

    SecretsManagerBackend.get_secret_value = get_secret_value


for repair in (
    s3_answers,
    bucket_policies,
    tags_of_scalable_targets,
    services_of_ecs,
    databases,
    descriptions_of_rules,
    secrets_that_are_going,
):
    repair()
server = ThreadedMotoServer(ip_address="127.0.0.1", port=int(sys.argv[1]) if sys.argv[1:] else 0, verbose=False)
server.start()
print("%s:%d" % server.get_host_and_port(), flush=True)
sys.stdin.read()
