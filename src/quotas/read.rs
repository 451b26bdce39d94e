//! Reads the quotas of a spec's models in its accounts.

use std::collections::HashMap;

use futures::StreamExt;
use tokio::sync::Mutex;

use super::{AccountQuota, QuotaName, Standing};
use crate::aws::service_quotas::Quota;
use crate::aws::{Clients, Error, Result, Session};
use crate::model::bedrock::{Bedrock, Target};
use crate::render;
use crate::spec::{BedrockModel, Spec};

/// Service Quotas' name of Bedrock.
pub const BEDROCK: &str = "bedrock";

/// What all accounts told, and which of them could not be asked.
#[derive(Debug)]
pub struct Found {
    /// The quota of each model, account and region, in the spec's order.
    pub quotas: Vec<AccountQuota>,
    /// What each account that could not be asked said, in the spec's order.
    pub refused: Vec<(String, Error)>,
}

/// One account and region, with the models that it serves by their places in the spec.
struct Place<'a> {
    target: &'a Target,
    region: &'a str,
    models: Vec<(usize, &'a str, &'a BedrockModel)>,
}

/// Reads the token quota of every model on Bedrock, in each account and region that serves it, of several accounts at the
/// same time. An account that refuses keeps none of the others from being asked. The defaults of a region are those that
/// the first account sees that may be asked.
///
/// # Errors
/// When no account can be asked, what the first one said; or when the credentials are of no use to any.
pub async fn read(clients: &Clients, spec: &Spec, bedrock: &Bedrock, concurrency: usize) -> Result<Found> {
    let places = places(spec, bedrock);
    let defaults = Defaults::default();
    let asked = futures::stream::iter(&places).map(|place| ask(clients, place, &defaults));
    let asked: Vec<Result<Vec<AccountQuota>>> = asked.buffered(concurrency.max(1)).collect().await;
    let mut quotas = Vec::new();
    let mut refused: Vec<(String, Error)> = Vec::new();
    let count = places.len();
    for (place, result) in places.iter().zip(asked) {
        let of_place = match result {
            Ok(of_place) => of_place,
            Err(error) if error.is_of_account() && count > 1 => {
                let silent = place.models.iter().map(|(_, model, source)| silent(model, source, place)).collect();
                refused.push((place.target.name.clone(), error));
                silent
            }
            Err(error) => return Err(error),
        };
        quotas.extend(place.models.iter().map(|(index, ..)| *index).zip(of_place));
    }
    if refused.len() == count && count > 0 {
        return Err(refused.swap_remove(0).1);
    }
    // By model, and the accounts of each as the spec has them.
    quotas.sort_by_key(|(index, _)| *index);
    refused.dedup_by(|later, first| later.0 == first.0);
    Ok(Found { quotas: quotas.into_iter().map(|(_, quota)| quota).collect(), refused })
}

fn places<'a>(spec: &'a Spec, bedrock: &'a Bedrock) -> Vec<Place<'a>> {
    let mut places: Vec<Place<'a>> = Vec::new();
    for (index, model) in spec.models.iter().enumerate() {
        let Some(source) = &model.bedrock else { continue };
        for target in bedrock.serving(source) {
            for region in &target.regions {
                let served = (index, model.name.0.as_str(), source);
                let same = |place: &&mut Place<'_>| place.target.name == target.name && place.region == region;
                match places.iter_mut().find(same) {
                    Some(place) => place.models.push(served),
                    None => places.push(Place { target, region, models: vec![served] }),
                }
            }
        }
    }
    places
}

async fn ask(clients: &Clients, place: &Place<'_>, defaults: &Defaults) -> Result<Vec<AccountQuota>> {
    let session = clients.session(&reached(place.target, place.region));
    session.verify_account().await?;
    let listed = defaults.of(&session, place.region).await?;
    let mut quotas = Vec::new();
    for (_, model, source) in &place.models {
        quotas.push(one(&session, model, source, place.target, place.region, &listed).await?);
    }
    Ok(quotas)
}

/// Default quotas by region: a long list, read once for all accounts.
#[derive(Debug, Default)]
pub struct Defaults(Mutex<HashMap<String, Vec<Quota>>>);

impl Defaults {
    /// The list of a region, read with the given session if no other account has read it.
    ///
    /// # Errors
    /// When the account does not allow `servicequotas:ListAWSDefaultServiceQuotas`.
    pub async fn of(&self, session: &Session, region: &str) -> Result<Vec<Quota>> {
        // Held while one account asks: the others wait for its answer instead of asking the same.
        let mut known = self.0.lock().await;
        if let Some(listed) = known.get(region) {
            return Ok(listed.clone());
        }
        let listed = session.service_quotas().defaults(BEDROCK).await?;
        known.insert(region.to_owned(), listed.clone());
        Ok(listed)
    }
}

/// What stands in the place of a quota that could not be asked for.
fn silent(model: &str, source: &BedrockModel, place: &Place<'_>) -> AccountQuota {
    AccountQuota {
        model: model.to_owned(),
        account: place.target.name.clone(),
        region: place.region.to_owned(),
        name: None,
        code: None,
        applied: None,
        default: None,
        spec: source.tpm,
        standing: Standing::NotAsked,
    }
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
    let found = applied(session, &QuotaName::of(&source.model), defaults).await?;
    let (quota, applied) = (found.map(|found| found.0), found.map(|found| found.1));
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

/// The requests per minute of a model that an account has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requests {
    /// Code of the quota.
    pub code: String,
    /// Its value.
    pub applied: u64,
}

/// Reads the request quota of one model in the account and region of a session. `None`: AWS lists none for it.
///
/// # Errors
/// When the account does not allow `servicequotas:GetServiceQuota`, or cannot be reached.
pub async fn requests(session: &Session, source: &BedrockModel, defaults: &[Quota]) -> Result<Option<Requests>> {
    let found = applied(session, &QuotaName::of_requests(&source.model), defaults).await?;
    Ok(found.map(|(quota, applied)| Requests { code: quota.code.clone(), applied }))
}

/// A quota by its name, with the value that the account has.
async fn applied<'a>(session: &Session, wanted: &QuotaName, defaults: &'a [Quota]) -> Result<Option<(&'a Quota, u64)>> {
    let by_name = defaults.iter().find(|quota| wanted.is(&quota.name));
    let quota = by_name.or_else(|| defaults.iter().find(|quota| Some(quota.code.as_str()) == wanted.hint()));
    let Some(quota) = quota else { return Ok(None) };
    // An account that never had another value than the default has none of its own.
    let applied = session.service_quotas().applied(BEDROCK, &quota.code).await?;
    Ok(Some((quota, applied.unwrap_or(quota.value))))
}

fn reached(target: &Target, region: &str) -> render::Target {
    render::Target {
        account: target.account.clone(),
        region: region.to_owned(),
        deploy_role: target.deploy_role.clone(),
    }
}
