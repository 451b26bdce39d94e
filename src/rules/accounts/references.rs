//! The ARNs of a spec, and what each of them must name.

use crate::spec::types::Arn;
use crate::spec::{Database, Notify, Spec, State, Tls, VpnAuthentication};

/// A kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    /// For people: `a certificate of ACM`.
    pub(super) name: &'static str,
    service: &'static str,
    /// What the part after the account begins with.
    resource: &'static str,
    global: bool,
}

const CERTIFICATE: Kind =
    Kind { name: "a certificate of ACM", service: "acm", resource: "certificate/", global: false };
const ROLE: Kind = Kind { name: "a role of IAM", service: "iam", resource: "role/", global: true };
const SAML_PROVIDER: Kind =
    Kind { name: "a SAML provider of IAM", service: "iam", resource: "saml-provider/", global: true };
const SECRET: Kind =
    Kind { name: "a secret of Secrets Manager", service: "secretsmanager", resource: "secret:", global: false };
const KEY: Kind = Kind { name: "a key of KMS", service: "kms", resource: "key/", global: false };
const TOPIC: Kind = Kind { name: "a topic of SNS", service: "sns", resource: "", global: false };

/// An account or region, and the path that says so.
pub(super) type Owner = (String, String);

/// An ARN of the spec.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    /// Where it is.
    pub(super) path: String,
    /// The ARN.
    pub(super) arn: Arn,
    /// What it must name.
    pub(super) kind: Kind,
    /// Account that it must be in, and the path of that account's id.
    pub(super) account: Option<Owner>,
    /// Region that it must be in, and the path of that region.
    pub(super) region: Option<Owner>,
}

impl Reference {
    /// Whether the ARN is of the right service and kind.
    pub(super) fn is_right_kind(&self) -> bool {
        self.arn.parts().is_some_and(|parts| {
            parts.service == self.kind.service
                && parts.resource.starts_with(self.kind.resource)
                && parts.region.is_empty() == self.kind.global
        })
    }

    /// How a right one looks.
    pub(super) fn example(&self, spec: &Spec) -> String {
        let region = match (&self.region, self.kind.global) {
            (_, true) => "",
            (Some((region, _)), _) => region,
            (None, _) => spec.hub.region.as_str(),
        };
        let account = self.account.as_ref().map_or(spec.hub.account.as_str(), |(account, _)| account);
        format!(
            "arn:{}:{}:{region}:{account}:{}...",
            spec.hub.region.partition(),
            self.kind.service,
            self.kind.resource
        )
    }
}

/// Every ARN of the spec.
pub(super) fn references(spec: &Spec) -> Vec<Reference> {
    let hub = || Some((spec.hub.account.0.clone(), "hub.account".to_owned()));
    let here = || Some((spec.hub.region.0.clone(), "hub.region".to_owned()));
    let mut references = Vec::new();
    let mut add = |path: String, arn: &Arn, kind: Kind, account: Option<Owner>, region: Option<Owner>| {
        references.push(Reference { path, arn: arn.clone(), kind, account, region });
    };
    if let Some(role) = &spec.hub.deploy_role {
        add("hub.deploy_role".to_owned(), role, ROLE, hub(), None);
    }
    if let Tls::Certificate(certificate) = &spec.ingress.tls {
        add("ingress.tls.certificate.arn".to_owned(), &certificate.arn, CERTIFICATE, hub(), here());
    }
    if let Some(vpn) = &spec.access.client_vpn {
        let path = "access.client_vpn.authentication";
        match &vpn.authentication {
            VpnAuthentication::Mutual(mutual) => {
                let server = &mutual.server_certificate;
                add(format!("{path}.mutual.server_certificate"), server, CERTIFICATE, hub(), here());
                let clients = &mutual.client_ca_certificate;
                add(format!("{path}.mutual.client_ca_certificate"), clients, CERTIFICATE, hub(), here());
            }
            VpnAuthentication::Saml(saml) => {
                let server = &saml.server_certificate;
                add(format!("{path}.saml.server_certificate"), server, CERTIFICATE, hub(), here());
                add(format!("{path}.saml.provider"), &saml.provider, SAML_PROVIDER, hub(), None);
                if let Some(provider) = &saml.self_service_provider {
                    add(format!("{path}.saml.self_service_provider"), provider, SAML_PROVIDER, hub(), None);
                }
            }
        }
    }
    if let Database::External(database) = &spec.database {
        // ECS reads secrets of other accounts and regions too, when their policies allow it.
        add("database.external.url_secret".to_owned(), &database.url_secret, SECRET, None, None);
    }
    for (name, reference) in &spec.gateway.litellm.secrets {
        if reference.secret.starts_with("arn:") {
            let arn = Arn(reference.secret.clone());
            add(format!("gateway.litellm.secrets.{name}.secret"), &arn, SECRET, hub(), here());
        }
    }
    if let Some(Notify::Topic(topic)) = &spec.observability.alarms.notify {
        add("observability.alarms.notify.topic".to_owned(), topic, TOPIC, None, here());
    }
    if let State::S3(state) = &spec.state
        && let Some(key) = &state.kms_key
    {
        // A key of another account works too, when its policy allows it.
        let region = match &state.region {
            Some(region) => Some((region.0.clone(), "state.s3.region".to_owned())),
            None => here(),
        };
        add("state.s3.kms_key".to_owned(), key, KEY, None, region);
    }
    for (index, account) in spec.bedrock.accounts.iter().enumerate() {
        if let Some(role) = &account.deploy_role {
            let path = format!("bedrock.accounts.{index}");
            let owner = Some((account.id.0.clone(), format!("{path}.id")));
            add(format!("{path}.deploy_role"), role, ROLE, owner, None);
        }
    }
    references
}
