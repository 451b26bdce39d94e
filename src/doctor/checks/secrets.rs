//! Whether the secrets that the spec names are there. No value is read.

use async_trait::async_trait;

use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::subject::Subject;
use crate::plan::count;
use crate::spec::{Database, Spec};

/// Whether the secrets that the spec names are there.
pub(super) struct Secrets;

#[async_trait(?Send)]
impl Check for Secrets {
    fn id(&self) -> &'static str {
        "GWD802"
    }

    fn name(&self) -> &'static str {
        "secrets"
    }

    fn area(&self) -> Area {
        Area::Secrets
    }

    fn needs(&self) -> Needs {
        Needs::Hub
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let Some(session) = subject.hub_session(None) else { return Vec::new() };
        let all = named(&subject.loaded.spec);
        if all.is_empty() {
            return vec![Finding::skip("the spec names no secret")];
        }
        let (mut findings, mut well) = (Vec::new(), 0);
        for (id, path) in all {
            let region = &subject.hub().region;
            let finding = match session.secrets_manager().secret(&id).await {
                Ok(Some(secret)) if secret.deleted.is_none() => {
                    well += 1;
                    continue;
                }
                Ok(Some(_)) => Finding::fail(
                    format!("secret {id} is to be deleted"),
                    format!("aws secretsmanager restore-secret --secret-id {id} --region {region}"),
                ),
                Ok(None) => Finding::fail(
                    format!("there is no secret {id} in account {}, {region}", subject.hub().account),
                    format!(
                        "aws secretsmanager create-secret --name {} --secret-string file://FILE --region {region}",
                        id.rsplit(":secret:").next().unwrap_or(&id)
                    ),
                ),
                Err(error) => Finding::unknown(&format!("whether secret {id} is there"), &error),
            };
            findings.push(finding.at(subject.place(&path)));
        }
        if well > 0 {
            findings.insert(0, Finding::pass(format!("{} there", count(well, "secret"))));
        }
        findings
    }
}

/// Names or ARNs of the secrets, with their places in the spec.
fn named(spec: &Spec) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    if let Database::External(database) = &spec.database {
        all.push((database.url_secret.to_string(), "database.external.url_secret".to_owned()));
    }
    for (variable, reference) in &spec.gateway.litellm.secrets {
        // Several variables may be keys of one secret.
        if !all.iter().any(|(known, _)| *known == reference.secret) {
            all.push((reference.secret.clone(), format!("gateway.litellm.secrets.{variable}.secret")));
        }
    }
    all
}
