//! Quotas that are used up: which one, its value, and where to ask for more.

use super::Found;
use crate::aws::Result;
use crate::diagnose::investigate::Scene;
use crate::diagnose::report::Evidence;
use crate::quotas::known::{Known, QUOTAS};
use crate::render::Target;

/// How services say that some quota is used up.
const SIGNS: [&str; 9] = [
    "LimitExceeded",
    "QuotaExceeded",
    "exceeds your quota",
    "service quota",
    "Cannot exceed quota",
    "You have exceeded the",
    "ServiceLimitExceeded",
    "WAFLimitsExceeded",
    "exceeded your resource limit",
];

pub(super) async fn look(words: &[String], scene: &Scene<'_>, found: &mut Found) -> Result<()> {
    let region = &scene.target.region;
    let Some(quota) = used_up(words) else {
        if words.iter().any(|words| SIGNS.iter().any(|sign| words.contains(sign))) {
            let url = format!("https://{}/servicequotas/home/services", console(region));
            found.evidence.push(Evidence::fact("servicequotas", "a quota is used up: the message says which"));
            found.next.push(format!("ask for more: {url}"));
        }
        return Ok(());
    };
    // IAM's quotas, and their pages, are in one region only.
    let region = if quota.service == "iam" { home(region) } else { region.as_str() };
    let target = Target { region: region.to_owned(), ..scene.target.clone() };
    let limit = scene.clients.session(&target).service_quotas().limit(quota.service, quota.code).await?;
    let value = limit.map(|limit| format!(": {} in this account", limit.value)).unwrap_or_default();
    let fact = format!("the quota \"{}\" ({} {}) is used up{value}", quota.name, quota.service, quota.code);
    found.evidence.push(Evidence::fact("servicequotas", fact));
    let url =
        format!("https://{}/servicequotas/home/services/{}/quotas/{}", console(region), quota.service, quota.code);
    found.next.push(format!("free some, or ask for more: {url}; then `gwinfra apply`"));
    Ok(())
}

/// The quota of which the words say that it is used up. A longer sign contains a shorter one:
/// `RulesPerSecurityGroupLimitExceeded`.
fn used_up(words: &[String]) -> Option<&'static Known> {
    let sign = |quota: &Known| words.iter().filter_map(|words| quota.sign_in(words)).max();
    QUOTAS
        .iter()
        .filter_map(|quota| Some((sign(quota)?, quota)))
        .max_by_key(|(length, _)| *length)
        .map(|(_, quota)| quota)
}

/// The region of a partition in which its IAM is.
fn home(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "cn-north-1",
        region if region.starts_with("us-gov-") => "us-gov-west-1",
        _ => "us-east-1",
    }
}

/// Host of the console of a region.
fn console(region: &str) -> String {
    match region {
        region if region.starts_with("cn-") => format!("{region}.console.amazonaws.cn"),
        region if region.starts_with("us-gov-") => format!("{region}.console.amazonaws-us-gov.com"),
        region => format!("{region}.console.aws.amazon.com"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_sign_that_is_there_names_the_quota() {
        let code = |words: &str| used_up(&[words.to_owned()]).map(|quota| quota.code);
        assert_eq!(code("RulesPerSecurityGroupLimitExceeded: too many"), Some("L-0EA8095F"));
        // VPCs have a longer sign, which is not there.
        assert_eq!(code("VpcLimitExceeded, then RulesPerSecurityGroupLimitExceeded"), Some("L-0EA8095F"));
        assert_eq!(code("AccessDenied"), None);
    }

    #[test]
    fn the_words_that_cloudformation_gives_instead_of_codes_name_the_quota() {
        let code = |words: &str| {
            let words = format!(
                "Resource handler returned message: \"{words} (Service: Ec2, Status Code: 400, Request ID: 0a1b)\" \
                 (RequestToken: 2c3d, HandlerErrorCode: ServiceLimitExceeded)"
            );
            used_up(&[words]).map(|quota| quota.code)
        };
        assert_eq!(code("The maximum number of rules per security group has been reached."), Some("L-0EA8095F"));
        assert_eq!(code("The maximum number of VPC endpoints has been reached."), Some("L-29B6F2EB"));
        assert_eq!(code("Performing this operation would exceed the limit of 5 NAT gateways"), Some("L-FE5A380F"));
        assert_eq!(code("DB Instance quota exceeded"), Some("L-7B6409FD"));
        assert_eq!(code("You've reached the limit on the number of Client VPN endpoints"), Some("L-8EA77D34"));
        assert_eq!(code("The maximum number of VPCs has been reached."), Some("L-F678F1CE"));
    }

    #[test]
    fn the_console_of_a_partition_has_its_own_domain() {
        assert_eq!(console("us-gov-west-1"), "us-gov-west-1.console.amazonaws-us-gov.com");
        assert_eq!(console("eu-west-1"), "eu-west-1.console.aws.amazon.com");
    }
}
