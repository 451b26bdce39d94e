//! Access to models that an account has lost, as drift: nothing of it is in a template.

use futures::StreamExt;
use serde_json::json;

use super::access;
use crate::aws::{Clients, Error, Session};
use crate::drift::{Document, Finding, Kind, Level, Reader};
use crate::model::bedrock::{Bedrock, Target};
use crate::render;
use crate::spec::{Rollout, Spec};

/// The type of what is told of.
const MODEL: &str = "AWS::Bedrock::FoundationModel";

/// Why the models of an account are not asked about into which only a stack set leads.
const BY_SET: &str = "the account is reached through its stack set only: with a `deploy_role` of the account in the spec, access to its \
     models can be looked at";

/// Which models are asked about, and how.
#[derive(Debug, Clone, Copy)]
pub struct Models<'a> {
    /// Sessions with AWS.
    pub clients: &'a Clients,
    /// The spec.
    pub spec: &'a Spec,
    /// Its accounts.
    pub bedrock: &'a Bedrock,
    /// Where the gateway runs.
    pub hub: &'a render::Target,
    /// The most calls at the same time.
    pub concurrency: usize,
}

/// A model in one account and region.
struct Question<'a> {
    target: &'a Target,
    region: &'a str,
    name: &'a str,
    id: &'a str,
}

impl Models<'_> {
    /// Asks the accounts that are wanted for every model that they serve, and adds what they have lost.
    pub async fn add_lost(&self, wanted: impl Fn(&str) -> bool, document: &mut Document) {
        let mut questions: Vec<Question<'_>> =
            self.questions().into_iter().filter(|question| wanted(&question.target.account)).collect();
        let closed = self.closed(&questions).await;
        questions.retain(|question| closed.iter().all(|(account, _)| account != &question.target.account));
        for (account, error) in closed {
            // An account that lets nobody in is told of at its stacks.
            if !matches!(&error, Error::AccessDenied { action, .. } if **action == *"sts:AssumeRole") {
                let reason = match &error {
                    Error::WrongAccount { .. } if self.is_reached_by_set(&account) => BY_SET.to_owned(),
                    _ => error.to_string(),
                };
                document.coverage.skip(format!("{account}:models"), reason);
            }
        }
        let asked = futures::stream::iter(&questions).map(|question| self.ask(question));
        let answers: Vec<Result<Vec<String>, Error>> = asked.buffered(self.concurrency.max(1)).collect().await;
        let mut asked = 0;
        for (question, answer) in questions.iter().zip(answers) {
            let address = question.address();
            match answer {
                Ok(problems) => {
                    asked += 1;
                    if !problems.is_empty() {
                        document.findings.push(question.finding(address, &problems.join("; ")));
                    }
                }
                Err(error) if access::is_unknown_model(&error) => {
                    asked += 1;
                    document.findings.push(question.finding(address, "Bedrock does not know it"));
                }
                Err(error) => document.coverage.skip(address, error.to_string()),
            }
        }
        if asked > 0 {
            document.coverage.watch([("models", asked)]);
        }
    }

    fn questions(&self) -> Vec<Question<'_>> {
        let models = self.spec.models.iter();
        let on_bedrock = models.filter_map(|model| Some((model.name.0.as_str(), model.bedrock.as_ref()?)));
        on_bedrock
            .flat_map(|(name, source)| {
                self.bedrock.serving(source).flat_map(move |target| {
                    let regions = target.regions.iter();
                    regions.map(move |region| Question { target, region, name, id: &source.model })
                })
            })
            .collect()
    }

    /// The accounts that cannot be asked. Without a role to go on to, the answer would be about whoever asks.
    async fn closed(&self, questions: &[Question<'_>]) -> Vec<(String, Error)> {
        let mut first: Vec<&Question<'_>> = Vec::new();
        for question in questions {
            if first.iter().all(|known| known.target.account != question.target.account) {
                first.push(question);
            }
        }
        let asked = futures::stream::iter(first).map(|question| async move {
            let error = self.session(question).verify_account().await.err()?;
            Some((question.target.account.clone(), error))
        });
        let asked: Vec<Option<(String, Error)>> = asked.buffered(self.concurrency.max(1)).collect().await;
        asked.into_iter().flatten().collect()
    }

    /// Whether a stack set brings the role into an account, and the spec has none by which somebody else gets in.
    fn is_reached_by_set(&self, account: &str) -> bool {
        let bedrock = &self.spec.bedrock;
        let mut own = bedrock.accounts.iter().filter(|one| one.id.to_string() == account);
        matches!(bedrock.rollout, Rollout::StackSets(_)) && own.all(|one| one.deploy_role.is_none())
    }

    fn session(&self, question: &Question<'_>) -> Session {
        self.clients.session(&render::Target {
            account: question.target.account.clone(),
            region: question.region.to_owned(),
            deploy_role: match question.target.account == self.hub.account {
                true => self.hub.deploy_role.clone(),
                false => question.target.deploy_role.clone(),
            },
        })
    }

    async fn ask(&self, question: &Question<'_>) -> Result<Vec<String>, Error> {
        access::ask(&self.session(question), question.id).await
    }
}

impl Question<'_> {
    fn address(&self) -> String {
        format!("{}:{}/{}", self.target.account, self.region, self.name)
    }

    fn finding(&self, address: String, problem: &str) -> Finding {
        Finding {
            address,
            stack: "models".to_owned(),
            account: self.target.account.clone(),
            region: self.region.to_owned(),
            resource_type: MODEL.to_owned(),
            kind: Kind::Runtime,
            path: vec!["access".to_owned()],
            expected: Some(json!("available")),
            actual: Some(json!(problem)),
            severity: Level::High,
            reader: Reader::Bedrock,
            source: Vec::new(),
            accepted_by: None,
            id: None,
            command: None,
            by_change_set: false,
        }
    }
}
