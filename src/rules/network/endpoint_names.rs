//! Names under `network.endpoints`.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Endpoints;
use crate::spec::shape::did_you_mean;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0111",
    title: "Endpoint services are known",
    explanation: include_str!("endpoint_names.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Endpoints::Services(services) = &subject.spec.network.endpoints else { return };
    for (index, service) in services.iter().enumerate() {
        let path = format!("network.endpoints.{index}");
        if !SERVICES.contains(&service.as_str()) {
            let finding = RULE.error(subject, path, format!("`{service}` is no endpoint service that a gateway calls"));
            let help = match did_you_mean(service, SERVICES.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("services: {}", SERVICES.join(", ")),
            };
            findings.push(finding.with_help(help));
        } else if let Some(first) = services[..index].iter().position(|other| other == service) {
            let first = subject.at(&format!("network.endpoints.{first}"));
            let finding = RULE.warning(subject, path, format!("`{service}` is named twice"));
            findings.push(finding.with_related(first, "first here").with_help("remove one of them"));
        }
    }
}

/// Endpoint services that a gateway, its bastion or its operators may call, with their names in
/// `com.amazonaws.<region>.<name>`.
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html>, November 2026.
const SERVICES: [&str; 38] = [
    "application-autoscaling",
    "autoscaling",
    "bedrock",
    "bedrock-agent",
    "bedrock-agent-runtime",
    "bedrock-runtime",
    "cloudformation",
    "comprehend",
    "dynamodb",
    "ec2",
    "ec2messages",
    "ecr.api",
    "ecr.dkr",
    "ecs",
    "ecs-agent",
    "ecs-telemetry",
    "eks",
    "eks-auth",
    "elasticache",
    "elasticfilesystem",
    "elasticloadbalancing",
    "events",
    "execute-api",
    "firehose",
    "kinesis-streams",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "rds",
    "s3",
    "sagemaker.runtime",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "ssmmessages",
    "sts",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::endpoints::called;
    use crate::model::testing::spec;

    #[test]
    fn every_service_that_features_call_is_known() {
        for compute in [json!({"fargate": {"exec": true}}), json!({"ec2": {}})] {
            let account = json!({"id": "222222222222", "name": "a", "regions": ["us-east-1"]});
            let spec = spec(json!({
                "compute": compute, "access": {"bastion": {}}, "bedrock": {"accounts": [account]}
            }));
            for service in called(&spec) {
                assert!(SERVICES.contains(&service.as_str()), "{service}");
            }
        }
    }
}
