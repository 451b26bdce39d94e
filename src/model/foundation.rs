//! Key, repositories, buckets and generated secrets: what everything else is built on.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::Basis;
use super::tags::Tag;
use crate::spec::{Database, Notify};

/// How many tagged images a repository keeps: enough to roll back, and to see what ran last quarter.
pub const KEPT_IMAGES: u32 = 20;

/// Prefix in the logs bucket of the load balancer's access logs.
pub const LOAD_BALANCER_LOGS: &str = "load-balancer";
/// Prefix in the logs bucket of the access logs of the other buckets.
pub const BUCKET_LOGS: &str = "buckets";
/// Prefix of the gateway's request logs in the requests bucket.
pub const REQUEST_LOGS: &str = "requests";

/// The foundation stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Foundation {
    /// Alias of the key.
    pub key_alias: String,
    /// ARN patterns of the log groups that CloudWatch Logs may encrypt with the key.
    pub log_group_arns: Vec<String>,
    /// Service principal of CloudWatch Logs in the hub's region.
    pub logs_principal: String,
    /// Whether alarms publish to an encrypted topic of this deployment.
    pub encrypted_topic: bool,
    /// Image repositories.
    pub repositories: Repositories,
    /// Days that the load balancer's, the buckets' and the gateway's request logs are kept in S3.
    pub log_days: u32,
    /// Whether there is a bucket for the gateway's request logs.
    pub request_logs: bool,
    /// Prefixes in the logs bucket.
    pub load_balancer_logs: &'static str,
    /// See [`BUCKET_LOGS`].
    pub bucket_logs: &'static str,
    /// Principal that delivers the load balancer's access logs: an AWS account or a service.
    pub log_delivery: LogDelivery,
    /// Tags of the stack's resources, by resource.
    pub tags: IndexMap<String, Vec<Tag>>,
}

/// Image repositories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Repositories {
    /// Name of LiteLLM's.
    pub litellm: String,
    /// Name of the middleware's.
    pub middleware: String,
    /// Lifecycle policy of both, as ECR takes it: JSON text.
    pub lifecycle: String,
}

/// Who delivers the access logs of load balancers. Exactly one is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LogDelivery {
    /// ARN of Elastic Load Balancing's account, in regions that existed before August 2022.
    pub account: Option<String>,
    /// Service principal, in regions that came later.
    pub service: Option<&'static str>,
}

impl Foundation {
    /// The foundation of the spec.
    pub fn new(basis: &Basis<'_>) -> Self {
        let tags = basis.tags("foundation");
        let place = &basis.place;
        let group = |name: &str| place.arn("logs", &format!("log-group:{name}"));
        let own_database = matches!(basis.spec.database, Database::AuroraPostgres(_));
        Self {
            key_alias: format!("alias/{}", basis.names.prefix()),
            log_group_arns: [basis.names.log_group("*"), basis.names.waf_log_group()]
                .into_iter()
                .chain(own_database.then(|| basis.names.database_log_groups()))
                .map(|name| group(&name))
                .collect(),
            logs_principal: format!("logs.{}.{}", place.region, place.dns_suffix),
            encrypted_topic: matches!(basis.spec.observability.alarms.notify, Some(Notify::Email(_))),
            repositories: Repositories {
                litellm: basis.names.repository("litellm"),
                middleware: basis.names.repository("middleware"),
                lifecycle: lifecycle(),
            },
            log_days: basis.spec.observability.log_retention_days,
            request_logs: basis.spec.observability.request_logs,
            load_balancer_logs: LOAD_BALANCER_LOGS,
            bucket_logs: BUCKET_LOGS,
            log_delivery: LogDelivery::new(place.partition, &place.region),
            tags: tags.each(&["key", "litellm", "middleware", "config", "requests", "logs", "master-key", "salt-key"]),
        }
    }
}

impl LogDelivery {
    fn new(partition: &str, region: &str) -> Self {
        match delivery_account(region) {
            Some(account) => Self { account: Some(format!("arn:{partition}:iam::{account}:root")), service: None },
            None => Self { account: None, service: Some("logdelivery.elasticloadbalancing.amazonaws.com") },
        }
    }
}

/// Account of Elastic Load Balancing in regions that existed before August 2022.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html>
fn delivery_account(region: &str) -> Option<&'static str> {
    Some(match region {
        "us-east-1" => "127311923021",
        "us-east-2" => "033677994240",
        "us-west-1" => "027434742980",
        "us-west-2" => "797873946194",
        "af-south-1" => "098369216593",
        "ap-east-1" => "754344448648",
        "ap-southeast-3" => "589379963580",
        "ap-south-1" => "718504428378",
        "ap-northeast-3" => "383597477331",
        "ap-northeast-2" => "600734575887",
        "ap-southeast-1" => "114774131450",
        "ap-southeast-2" => "783225319266",
        "ap-northeast-1" => "582318560864",
        "ca-central-1" => "985666609251",
        "eu-central-1" => "054676820928",
        "eu-west-1" => "156460612806",
        "eu-west-2" => "652711504416",
        "eu-south-1" => "635631232127",
        "eu-west-3" => "009996457667",
        "eu-north-1" => "897822967062",
        "me-south-1" => "076674570225",
        "sa-east-1" => "507241528517",
        "us-gov-west-1" => "048591011584",
        "us-gov-east-1" => "190560391635",
        "cn-north-1" => "638102146993",
        "cn-northwest-1" => "037604701340",
        _ => return None,
    })
}

/// Untagged images go after two weeks (a push that failed half-way, a layer nobody names); of the others the newest stay.
fn lifecycle() -> String {
    serde_json::json!({
        "rules": [
            {
                "rulePriority": 1,
                "description": "Expire untagged images after 14 days",
                "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14},
                "action": {"type": "expire"}
            },
            {
                "rulePriority": 2,
                "description": format!("Keep the newest {KEPT_IMAGES} images"),
                "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": KEPT_IMAGES},
                "action": {"type": "expire"}
            }
        ]
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Model;
    use crate::model::testing::spec;

    #[test]
    fn the_key_encrypts_this_deployments_log_groups_only() {
        let foundation = Model::new(&spec(json!({})), Some("prod")).foundation;
        assert_eq!(
            foundation.log_group_arns,
            [
                "arn:aws:logs:us-east-1:111122223333:log-group:/gwinfra/acme-llm-prod/*",
                "arn:aws:logs:us-east-1:111122223333:log-group:aws-waf-logs-acme-llm-prod",
                "arn:aws:logs:us-east-1:111122223333:log-group:/aws/rds/cluster/acme-llm-prod*/postgresql"
            ]
        );
    }

    #[test]
    fn an_older_region_delivers_logs_from_an_account_and_a_newer_one_from_the_service() {
        let old = LogDelivery::new("aws", "eu-west-1");
        assert_eq!((old.account.as_deref(), old.service), (Some("arn:aws:iam::156460612806:root"), None));
        assert!(LogDelivery::new("aws", "eu-south-2").service.is_some());
        assert_eq!(
            LogDelivery::new("aws-us-gov", "us-gov-west-1").account.unwrap(),
            "arn:aws-us-gov:iam::048591011584:root"
        );
    }

    #[test]
    fn the_key_lets_alarms_publish_only_to_a_topic_of_its_own() {
        let with = |notify| {
            let spec = spec(json!({"observability": {"alarms": {"notify": notify}}}));
            Model::new(&spec, None).foundation.encrypted_topic
        };
        assert!(with(json!({"email": "oncall@example.com"})));
        assert!(!with(json!({"topic": "arn:aws:sns:us-east-1:111122223333:oncall"})));
    }
}
