//! What a spec says exists already: simulated accounts have it from the start.

use std::collections::BTreeSet;

use crate::render::Bundle;
use crate::simulator::assumed::{Assumed, Certificate, HostedZone, Vpc};
use crate::spec::{Database, Spec, Tls, VpnAuthentication};

/// Collects what the spec names and does not make, without the images that are pushed.
pub(super) fn of(spec: &Spec, bundle: &Bundle, pushed: &BTreeSet<String>) -> Assumed {
    let assumed = bundle.images.iter().filter(|(name, _)| !pushed.contains(*name));
    Assumed { images: assumed.map(|(_, image)| image.clone()).collect(), ..without_images(spec) }
}

/// The same without images, which only a bundle names.
pub(super) fn without_images(spec: &Spec) -> Assumed {
    let mut assumed =
        Assumed { account: spec.hub.account.to_string(), region: spec.hub.region.to_string(), ..Assumed::default() };
    match &spec.ingress.tls {
        Tls::Certificate(own) => {
            let name = own.name.as_ref().map(ToString::to_string);
            assumed.certificates.push(Certificate { arn: own.arn.to_string(), name });
        }
        Tls::Domain(domain) => assumed.hosted_zones.push(hosted_zone(&domain.hosted_zone)),
        Tls::Plaintext(_) => {}
    }
    if let Some(vpn) = &spec.access.client_vpn {
        let of_vpn = match &vpn.authentication {
            VpnAuthentication::Mutual(mutual) => vec![&mutual.server_certificate, &mutual.client_ca_certificate],
            VpnAuthentication::Saml(saml) => vec![&saml.server_certificate],
        };
        let of_vpn = of_vpn.into_iter().map(|arn| Certificate { arn: arn.to_string(), name: None });
        assumed.certificates.extend(of_vpn);
    }
    if let crate::spec::Vpc::Existing(vpc) = &spec.network.vpc {
        let ids = |subnets: &[crate::spec::types::SubnetId]| subnets.iter().map(ToString::to_string).collect();
        assumed.vpc = Some(Vpc {
            id: vpc.id.to_string(),
            cidr: Some(vpc.cidr.to_string()),
            subnets: vec![ids(&vpc.private_subnets), ids(&vpc.public_subnets), ids(&vpc.data_subnets)],
        });
    }
    if let Database::External(database) = &spec.database {
        assumed.secrets.push(database.url_secret.to_string());
    }
    assumed.secrets.extend(spec.gateway.litellm.secrets.values().map(|reference| reference.secret.clone()));
    assumed.roles.extend(spec.hub.deploy_role.iter().map(ToString::to_string));
    assumed.roles.extend(
        spec.bedrock.accounts.iter().filter_map(|account| account.deploy_role.as_ref()).map(ToString::to_string),
    );
    assumed
}

fn hosted_zone(text: &str) -> HostedZone {
    let is_id = text.starts_with('Z') && !text.contains('.');
    if is_id {
        HostedZone { id: Some(text.to_owned()), name: None }
    } else {
        HostedZone { id: None, name: Some(text.to_owned()) }
    }
}
