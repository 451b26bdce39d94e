//! Which resources an action is allowed on.

use crate::model::partition::Place;

/// Where and under which names a deployment makes things in one account.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    /// Account and region.
    pub place: Place,
    /// Prefix of the deployment's names.
    pub prefix: String,
    /// Name of the role in Bedrock accounts, which a spec may choose.
    pub bedrock_role: String,
    /// Logical ids of secrets: CloudFormation names a secret after them.
    pub secrets: Vec<String>,
}

impl Scope {
    /// The resources of an action by the kinds that IAM knows for it, in order and each once.
    pub fn resources(&self, action: &str, kinds: &[String]) -> Vec<String> {
        let service = action.split(':').next().unwrap_or_default();
        let mut resources: Vec<String> = match action {
            "iam:CreateServiceLinkedRole" => vec![self.global("iam", "role/aws-service-role/*")],
            _ => kinds.iter().flat_map(|kind| self.of_kind(service, kind)).collect(),
        };
        resources.sort();
        resources.dedup();
        if resources.is_empty() {
            resources.push("*".to_owned());
        }
        resources
    }

    fn of_kind(&self, service: &str, kind: &str) -> Vec<String> {
        let prefix = &self.prefix;
        let partition = self.place.partition;
        match (service, kind) {
            ("iam", "role" | "policy" | "instance-profile") => self.iam(kind),
            ("s3", "bucket") => vec![format!("arn:{partition}:s3:::{prefix}-*")],
            ("s3", "object") => vec![format!("arn:{partition}:s3:::{prefix}-*/*")],
            ("logs", "log-group" | "log-stream") => self.logs(),
            ("cloudformation", "stack") => vec![self.regional("cloudformation", &format!("stack/{prefix}-*"))],
            // A set of a delegated administrator is the management account's, whose id nobody has said.
            ("cloudformation", "stackset" | "stackset-target") => {
                vec![format!("arn:{partition}:cloudformation:{}:*:{kind}/{prefix}-*", self.place.region)]
            }
            ("cloudformation", "type") => vec![format!("arn:{partition}:cloudformation:*:*:type/resource/*")],
            ("cloudformation", _) => Vec::new(),
            ("ecr", _) => vec![self.regional("ecr", &format!("repository/{prefix}/*"))],
            ("ecs", "cluster") => vec![self.regional("ecs", &format!("cluster/{prefix}-*"))],
            ("ecs", "task-definition") => vec![self.regional("ecs", &format!("task-definition/{prefix}-*"))],
            ("ecs", kind) => vec![self.regional("ecs", &format!("{kind}/{prefix}-*"))],
            ("kms", "alias") => vec![self.regional("kms", &format!("alias/{prefix}"))],
            ("cloudwatch", "alarm") => vec![self.regional("cloudwatch", &format!("alarm:{prefix}-*"))],
            ("cloudwatch", "dashboard") => vec![self.global("cloudwatch", &format!("dashboard/{prefix}*"))],
            ("sns", "topic") => vec![self.regional("sns", &format!("{prefix}-*"))],
            ("rds", "cluster" | "db" | "subgrp" | "cluster-pg" | "cluster-snapshot") => {
                vec![self.regional("rds", &format!("{kind}:{prefix}-*"))]
            }
            ("rds", "global-cluster") => vec![self.global("rds", "global-cluster:*")],
            ("rds", kind) => vec![self.regional("rds", &format!("{kind}:*"))],
            ("elasticache", kind) => vec![self.regional("elasticache", &format!("{kind}:*"))],
            ("elasticloadbalancing", kind) => {
                vec![self.regional("elasticloadbalancing", &format!("{}/*", kind.trim_end_matches('/')))]
            }
            ("wafv2", "webacl" | "ipset") => vec![self.regional("wafv2", &format!("regional/{kind}/*"))],
            ("wafv2", "managedruleset") => {
                vec![format!("arn:{partition}:wafv2:{}:*:regional/managedruleset/*", self.place.region)]
            }
            ("wafv2", "loadbalancer/app/") => vec![self.regional("elasticloadbalancing", "loadbalancer/app/*")],
            ("wafv2" | "apigateway" | "s3" | "s3tables", _) => Vec::new(),
            ("route53", kind) => vec![format!("arn:{partition}:route53:::{kind}/*")],
            ("secretsmanager", _) => self.secrets(),
            // AWS's own parameters are of no account.
            ("ssm", _) => vec![format!("arn:{partition}:ssm:{}:*:parameter/aws/service/*", self.place.region)],
            // Ids are not known beforehand. Images and their snapshots are of other accounts.
            ("ec2", "image" | "snapshot") => vec![format!("arn:{partition}:ec2:{}::{kind}/*", self.place.region)],
            ("application-autoscaling", _) => vec![self.regional("application-autoscaling", "scalable-target/*")],
            (service, kind) => vec![self.regional(service, &format!("{kind}/*"))],
        }
    }

    fn iam(&self, kind: &str) -> Vec<String> {
        let mut names = vec![self.global("iam", &format!("{kind}/{}-*", self.prefix))];
        if kind != "instance-profile" && !self.bedrock_role.starts_with(&format!("{}-", self.prefix)) {
            names.push(self.global("iam", &format!("{kind}/{}*", self.bedrock_role)));
        }
        names
    }

    /// Log groups and their streams: the deployment's own, the web ACL's, which AWS WAF wants to be called so, and RDS's.
    fn logs(&self) -> Vec<String> {
        let prefix = &self.prefix;
        [format!("/gwinfra/{prefix}/*"), format!("aws-waf-logs-{prefix}*"), format!("/aws/rds/cluster/{prefix}*")]
            .map(|name| self.regional("logs", &format!("log-group:{name}")))
            .to_vec()
    }

    /// Secrets: the deployment's own, by either engine, and the one in which RDS keeps the database's password.
    pub fn secrets(&self) -> Vec<String> {
        let own = self.secrets.iter().map(|id| format!("{id}-*"));
        let names = own.chain([format!("{}-*", self.prefix), format!("{}/*", self.prefix), "rds!cluster-*".to_owned()]);
        names.map(|name| self.regional("secretsmanager", &format!("secret:{name}"))).collect()
    }

    pub fn regional(&self, service: &str, resource: &str) -> String {
        self.place.arn(service, resource)
    }

    pub fn global(&self, service: &str, resource: &str) -> String {
        self.place.global_arn(service, resource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::types::Region;

    fn scope(bedrock_role: &str) -> Scope {
        Scope {
            place: Place::new("111122223333", &Region::from("us-east-1")),
            prefix: "acme-llm".to_owned(),
            bedrock_role: bedrock_role.to_owned(),
            secrets: vec!["MasterKeySecret".to_owned()],
        }
    }

    fn of(action: &str, kinds: &[&str]) -> Vec<String> {
        let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        scope("acme-llm-bedrock").resources(action, &kinds)
    }

    #[test]
    fn an_action_that_knows_no_resource_takes_all() {
        assert_eq!(of("ec2:DescribeVpcs", &[]), ["*"]);
    }

    #[test]
    fn names_that_carry_the_prefix_narrow_an_action() {
        assert_eq!(of("iam:CreateRole", &["role"]), ["arn:aws:iam::111122223333:role/acme-llm-*"]);
        assert_eq!(of("s3:CreateBucket", &["bucket"]), ["arn:aws:s3:::acme-llm-*"]);
    }

    #[test]
    fn a_role_name_of_the_specs_own_is_allowed_too() {
        let found = scope("shared-bedrock").resources("iam:CreateRole", &["role".to_owned()]);
        assert!(found.contains(&"arn:aws:iam::111122223333:role/shared-bedrock*".to_owned()), "{found:?}");
    }

    #[test]
    fn ids_that_are_not_known_beforehand_narrow_to_account_and_region() {
        assert_eq!(of("ec2:DeleteVpc", &["vpc"]), ["arn:aws:ec2:us-east-1:111122223333:vpc/*"]);
    }

    #[test]
    fn a_stack_set_is_told_by_its_name_in_whichever_account_it_is() {
        let found = of("cloudformation:DeleteStackSet", &["stackset"]);
        assert_eq!(found, ["arn:aws:cloudformation:us-east-1:*:stackset/acme-llm-*"]);
    }

    #[test]
    fn no_secret_of_somebody_else_can_be_read() {
        let found = of("secretsmanager:GetSecretValue", &["Secret"]);
        assert!(found.contains(&"arn:aws:secretsmanager:us-east-1:111122223333:secret:MasterKeySecret-*".to_owned()));
        assert!(!found.iter().any(|arn| arn.ends_with("secret:*")), "{found:?}");
    }

    #[test]
    fn service_linked_roles_have_a_path_of_their_own() {
        let found = of("iam:CreateServiceLinkedRole", &["role"]);
        assert_eq!(found, ["arn:aws:iam::111122223333:role/aws-service-role/*"]);
    }
}
