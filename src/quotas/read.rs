//! Reads the quotas of a spec's models in its accounts.

use std::collections::{HashMap, HashSet};

use super::{AccountQuota, QuotaName, Standing};
use crate::aws::service_quotas::Quota;
use crate::aws::{Clients, Result, Session};
use crate::model::bedrock::{Bedrock, Target};
use crate::render;
use crate::spec::{BedrockModel, Spec};

/// Service Quotas' name of Bedrock.
pub const BEDROCK: &str = "bedrock";

/// Reads the token quota of every model on Bedrock, in each account and region that serves it, in the spec's order. The
/// defaults of a region are those that its first account sees.
///
/// # Errors
/// When an account cannot be reached, or does not allow `servicequotas:ListAWSDefaultServiceQuotas` and
/// `servicequotas:GetServiceQuota`.
pub async fn read(clients: &Clients, spec: &Spec, bedrock: &Bedrock) -> Result<Vec<AccountQuota>> {
    let mut defaults: HashMap<String, Vec<Quota>> = HashMap::new();
    let mut verified = HashSet::new();
    let mut found = Vec::new();
    for model in &spec.models {
        let Some(source) = &model.bedrock else { continue };
        for target in bedrock.serving(source) {
            for region in &target.regions {
                let session = clients.session(&reached(target, region));
                if verified.insert((&target.account, region)) {
                    session.verify_account().await?;
                }
                if !defaults.contains_key(region) {
                    defaults.insert(region.clone(), session.service_quotas().defaults(BEDROCK).await?);
                }
                let listed = defaults.get(region).map(Vec::as_slice).unwrap_or_default();
                found.push(one(&session, &model.name.0, source, target, region, listed).await?);
            }
        }
    }
    Ok(found)
}

/// Reads the token quota of one model in the account and region of a session.
///
/// # Errors
/// When the account does not allow `servicequotas:GetServiceQuota`, or cannot be reached.
pub async fn one(
    session: &Session,
    model: &str,
    source: &BedrockModel,
    target: &Target,
    region: &str,
    defaults: &[Quota],
) -> Result<AccountQuota> {
    let wanted = QuotaName::of(&source.model);
    let by_name = defaults.iter().find(|quota| wanted.is(&quota.name));
    let quota = by_name.or_else(|| defaults.iter().find(|quota| Some(quota.code.as_str()) == wanted.hint()));
    let applied = match quota {
        Some(quota) => {
            // An account that never had another value than the default has none of its own.
            session.service_quotas().applied(BEDROCK, &quota.code).await?.or(Some(quota.value))
        }
        None => None,
    };
    let default = quota.map(|quota| quota.value);
    Ok(AccountQuota {
        model: model.to_owned(),
        account: target.name.clone(),
        region: region.to_owned(),
        name: quota.map(|quota| quota.name.clone()),
        code: quota.map(|quota| quota.code.clone()),
        applied,
        default,
        spec: source.tpm,
        standing: Standing::of(applied, default, source.tpm),
    })
}

fn reached(target: &Target, region: &str) -> render::Target {
    render::Target {
        account: target.account.clone(),
        region: region.to_owned(),
        deploy_role: target.deploy_role.clone(),
    }
}
