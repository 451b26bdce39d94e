//! One account and region, and a client per service.

use std::sync::{Arc, OnceLock};

use aws_config::SdkConfig;

use super::acm::Acm;
use super::bedrock::Bedrock;
use super::call::Caller;
use super::cloudcontrol::CloudControl;
use super::cloudformation::CloudFormation;
use super::ec2::Ec2;
use super::ecr::Ecr;
use super::ecs::Ecs;
use super::elasticache::ElastiCache;
use super::elbv2::Elbv2;
use super::iam::Iam;
use super::logs::Logs;
use super::rds::Rds;
use super::route53::Route53;
use super::s3::S3;
use super::secrets_manager::SecretsManager;
use super::service_quotas::ServiceQuotas;
use super::sts::{Identity, Sts};
use super::wafv2::Wafv2;
use super::{Error, Result};
use crate::render::Target;

/// One account and region. Cheap to clone; clients are made when they are first asked for.
#[derive(Debug, Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: SdkConfig,
    caller: Caller,
    acm: OnceLock<Acm>,
    bedrock: OnceLock<Bedrock>,
    cloudcontrol: OnceLock<CloudControl>,
    cloudformation: OnceLock<CloudFormation>,
    ec2: OnceLock<Ec2>,
    ecr: OnceLock<Ecr>,
    ecs: OnceLock<Ecs>,
    elasticache: OnceLock<ElastiCache>,
    elbv2: OnceLock<Elbv2>,
    iam: OnceLock<Iam>,
    logs: OnceLock<Logs>,
    rds: OnceLock<Rds>,
    route53: OnceLock<Route53>,
    s3: OnceLock<S3>,
    secrets_manager: OnceLock<SecretsManager>,
    service_quotas: OnceLock<ServiceQuotas>,
    sts: OnceLock<Sts>,
    wafv2: OnceLock<Wafv2>,
}

impl Session {
    pub(super) fn new(config: SdkConfig, caller: Caller) -> Self {
        Self {
            shared: Arc::new(Shared {
                config,
                caller,
                acm: OnceLock::new(),
                bedrock: OnceLock::new(),
                cloudcontrol: OnceLock::new(),
                cloudformation: OnceLock::new(),
                ec2: OnceLock::new(),
                ecr: OnceLock::new(),
                ecs: OnceLock::new(),
                elasticache: OnceLock::new(),
                elbv2: OnceLock::new(),
                iam: OnceLock::new(),
                logs: OnceLock::new(),
                rds: OnceLock::new(),
                route53: OnceLock::new(),
                s3: OnceLock::new(),
                secrets_manager: OnceLock::new(),
                service_quotas: OnceLock::new(),
                sts: OnceLock::new(),
                wafv2: OnceLock::new(),
            }),
        }
    }

    /// The account and region.
    pub fn target(&self) -> &Target {
        &self.shared.caller.target
    }

    /// Who the credentials stand for.
    ///
    /// # Errors
    /// When there are no credentials that work, or AWS cannot be reached.
    pub async fn identity(&self) -> Result<Identity> {
        self.sts().caller_identity().await
    }

    /// Makes sure that the credentials are those of the target's account.
    ///
    /// # Errors
    /// [`Error::WrongAccount`], and as [`Session::identity`].
    pub async fn verify_account(&self) -> Result<Identity> {
        let identity = self.identity().await?;
        let expected = &self.target().account;
        if identity.account == *expected {
            Ok(identity)
        } else {
            Err(Error::WrongAccount { expected: expected.clone(), actual: identity.account, arn: identity.arn })
        }
    }

    /// Whether these credentials may assume a role. The role's own credentials are not kept.
    ///
    /// # Errors
    /// When they may not, or STS cannot be reached.
    pub async fn try_assume(&self, role: &str, external_id: &str) -> Result<()> {
        self.sts().try_assume(role, external_id).await
    }

    /// How far the clock of AWS is from this machine's, in seconds: positive when this machine is behind. By the `Date` of
    /// an answer of STS, which counts whole seconds.
    ///
    /// # Errors
    /// When no answer came, or one without a date.
    pub async fn clock_difference(&self) -> Result<i64> {
        super::date::difference(&self.shared.config, &self.caller("sts")).await
    }

    /// ACM.
    pub fn acm(&self) -> &Acm {
        self.shared.acm.get_or_init(|| Acm::new(aws_sdk_acm::Client::new(&self.shared.config), self.caller("acm")))
    }

    /// Bedrock.
    pub fn bedrock(&self) -> &Bedrock {
        self.shared
            .bedrock
            .get_or_init(|| Bedrock::new(aws_sdk_bedrock::Client::new(&self.shared.config), self.caller("bedrock")))
    }

    /// Cloud Control API.
    pub fn cloudcontrol(&self) -> &CloudControl {
        self.shared.cloudcontrol.get_or_init(|| {
            CloudControl::new(aws_sdk_cloudcontrol::Client::new(&self.shared.config), self.caller("cloudformation"))
        })
    }

    /// CloudFormation.
    pub fn cloudformation(&self) -> &CloudFormation {
        self.shared.cloudformation.get_or_init(|| {
            CloudFormation::new(aws_sdk_cloudformation::Client::new(&self.shared.config), self.caller("cloudformation"))
        })
    }

    /// EC2.
    pub fn ec2(&self) -> &Ec2 {
        self.shared.ec2.get_or_init(|| Ec2::new(aws_sdk_ec2::Client::new(&self.shared.config), self.caller("ec2")))
    }

    /// ECR.
    pub fn ecr(&self) -> &Ecr {
        self.shared.ecr.get_or_init(|| Ecr::new(aws_sdk_ecr::Client::new(&self.shared.config), self.caller("ecr")))
    }

    /// ECS.
    pub fn ecs(&self) -> &Ecs {
        self.shared.ecs.get_or_init(|| Ecs::new(aws_sdk_ecs::Client::new(&self.shared.config), self.caller("ecs")))
    }

    /// ElastiCache.
    pub fn elasticache(&self) -> &ElastiCache {
        self.shared.elasticache.get_or_init(|| {
            ElastiCache::new(aws_sdk_elasticache::Client::new(&self.shared.config), self.caller("elasticache"))
        })
    }

    /// Elastic Load Balancing.
    pub fn elbv2(&self) -> &Elbv2 {
        self.shared.elbv2.get_or_init(|| {
            Elbv2::new(
                aws_sdk_elasticloadbalancingv2::Client::new(&self.shared.config),
                self.caller("elasticloadbalancing"),
            )
        })
    }

    /// IAM.
    pub fn iam(&self) -> &Iam {
        self.shared.iam.get_or_init(|| Iam::new(aws_sdk_iam::Client::new(&self.shared.config), self.caller("iam")))
    }

    /// CloudWatch Logs.
    pub fn logs(&self) -> &Logs {
        self.shared
            .logs
            .get_or_init(|| Logs::new(aws_sdk_cloudwatchlogs::Client::new(&self.shared.config), self.caller("logs")))
    }

    /// RDS.
    pub fn rds(&self) -> &Rds {
        self.shared.rds.get_or_init(|| Rds::new(aws_sdk_rds::Client::new(&self.shared.config), self.caller("rds")))
    }

    /// Route 53.
    pub fn route53(&self) -> &Route53 {
        self.shared
            .route53
            .get_or_init(|| Route53::new(aws_sdk_route53::Client::new(&self.shared.config), self.caller("route53")))
    }

    /// S3.
    pub fn s3(&self) -> &S3 {
        self.shared.s3.get_or_init(|| {
            // A simulator or emulator has no host name per bucket.
            let config = aws_sdk_s3::config::Builder::from(&self.shared.config)
                .force_path_style(self.shared.caller.own_endpoint)
                .build();
            S3::new(aws_sdk_s3::Client::from_conf(config), self.caller("s3"))
        })
    }

    /// Secrets Manager.
    pub fn secrets_manager(&self) -> &SecretsManager {
        self.shared.secrets_manager.get_or_init(|| {
            SecretsManager::new(aws_sdk_secretsmanager::Client::new(&self.shared.config), self.caller("secretsmanager"))
        })
    }

    /// Service Quotas.
    pub fn service_quotas(&self) -> &ServiceQuotas {
        self.shared.service_quotas.get_or_init(|| {
            ServiceQuotas::new(aws_sdk_servicequotas::Client::new(&self.shared.config), self.caller("servicequotas"))
        })
    }

    /// AWS WAF.
    pub fn wafv2(&self) -> &Wafv2 {
        self.shared
            .wafv2
            .get_or_init(|| Wafv2::new(aws_sdk_wafv2::Client::new(&self.shared.config), self.caller("wafv2")))
    }

    fn sts(&self) -> &Sts {
        self.shared.sts.get_or_init(|| Sts::new(aws_sdk_sts::Client::new(&self.shared.config), self.caller("sts")))
    }

    fn caller(&self, service: &'static str) -> Caller {
        Caller { service, ..self.shared.caller.clone() }
    }
}
