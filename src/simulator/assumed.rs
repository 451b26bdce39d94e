//! What a spec says exists already. It is put into the accounts as resources that are marked as assumed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::ecr::images;
use super::identity::partition;
use super::resource::Resource;
use super::template::availability_zones;
use super::world::World;

/// Everything that one deployment's spec names but does not create.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assumed {
    /// The account of what has no account in its name.
    pub account: String,
    /// The region of what has no region in its name.
    pub region: String,
    /// Certificates.
    pub certificates: Vec<Certificate>,
    /// Hosted zones.
    pub hosted_zones: Vec<HostedZone>,
    /// A VPC.
    pub vpc: Option<Vpc>,
    /// Names or ARNs of secrets.
    pub secrets: Vec<String>,
    /// Names of container images. Those outside of ECR always exist.
    pub images: Vec<String>,
    /// ARNs of roles, in any account. Anyone may assume them.
    pub roles: Vec<String>,
}

/// A certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// ARN.
    pub arn: String,
    /// Name that it is for, if the spec has one.
    pub name: Option<String>,
}

/// A hosted zone, by its name, its id, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostedZone {
    /// `example.com`.
    pub name: Option<String>,
    /// `Z0123456789ABCDEFGHIJ`.
    pub id: Option<String>,
}

/// A VPC and its subnets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vpc {
    /// `vpc-0a1b`.
    pub id: String,
    /// Its addresses; `None` is [`VPC_CIDR`].
    pub cidr: Option<String>,
    /// Ids of subnets in groups (private, public, data): the subnets of a group lie in different availability zones.
    pub subnets: Vec<Vec<String>>,
}

/// The addresses of an assumed VPC: its subnets are the /20 blocks of it, in the order in which they are named.
pub const VPC_CIDR: &str = "10.0.0.0/16";

/// Puts into the world what is not there yet, and gives its names, one line each. What exists, whoever made it, is left as it
/// is.
pub fn assume(world: &mut World, assumed: &Assumed) -> Vec<String> {
    let before = listed(world);
    put_all(world, assumed);
    listed(world).into_iter().filter(|line| !before.contains(line)).collect()
}

/// What is only assumed to be in the accounts.
fn listed(world: &World) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for account in world.accounts() {
        for region in world.regions(account) {
            let resources = world.resources(account, region).filter(|resource| resource.assumed);
            lines.extend(resources.map(|one| format!("{} {} in {account}", one.type_name, one.identifier)));
            let images = world.service(account, region, "ecr").get("assumed").and_then(Value::as_array);
            let images = images.into_iter().flatten().filter_map(Value::as_str);
            lines.extend(images.map(|image| format!("image {image}")));
        }
    }
    lines
}

fn put_all(world: &mut World, assumed: &Assumed) {
    for certificate in &assumed.certificates {
        self::certificate(world, assumed, certificate);
    }
    for zone in &assumed.hosted_zones {
        hosted_zone(world, assumed, zone);
    }
    if let Some(vpc) = &assumed.vpc {
        network(world, assumed, vpc);
    }
    for secret in &assumed.secrets {
        self::secret(world, assumed, secret);
    }
    for image in &assumed.images {
        images::assume(world, image);
    }
    for arn in &assumed.roles {
        let (account, region) = owner(arn, assumed);
        let Some((path, name)) = arn.split_once(":role").and_then(|(_, path)| path.rsplit_once('/')) else { continue };
        let id = world.stable_token(&["role", arn], 17).to_ascii_uppercase();
        let properties =
            json!({"RoleName": name, "Path": format!("{path}/"), "Arn": arn, "RoleId": format!("AROA{id}")});
        put(world, &account, &region, super::iam::roles::ROLE, name, properties);
    }
}

fn certificate(world: &mut World, assumed: &Assumed, Certificate { arn, name }: &Certificate) {
    const TYPE: &str = "AWS::CertificateManager::Certificate";
    let (account, region) = owner(arn, assumed);
    let properties = json!({"Id": arn, "DomainName": name.as_deref().unwrap_or("assumed.invalid")});
    let there = world.resource(&account, &region, TYPE, arn).filter(|there| there.assumed && name.is_some());
    // A name that the spec gets later is one of the certificate's, too.
    if there.is_some_and(|there| there.text("DomainName") != name.as_deref()) {
        if let Some(there) = world.resource_mut(&account, &region, TYPE, arn) {
            there.properties = properties;
        }
    } else {
        put(world, &account, &region, TYPE, arn, properties);
    }
}

/// Account and region of an ARN; the deployment's own where it has none.
fn owner(arn: &str, assumed: &Assumed) -> (String, String) {
    let part = |index: usize, default: &str| match arn.split(':').nth(index) {
        Some(text) if !text.is_empty() => text.to_owned(),
        _ => default.to_owned(),
    };
    (part(4, &assumed.account), part(3, &assumed.region))
}

fn put(world: &mut World, account: &str, region: &str, type_name: &str, identifier: &str, properties: Value) {
    if world.resource(account, region, type_name, identifier).is_some() {
        return;
    }
    let mut resource = Resource::new(type_name, identifier, properties, world.now());
    resource.assumed = true;
    world.put(account, region, resource);
}

fn hosted_zone(world: &mut World, assumed: &Assumed, zone: &HostedZone) {
    const TYPE: &str = "AWS::Route53::HostedZone";
    let name = zone.name.as_deref().unwrap_or("assumed.invalid").trim_end_matches('.');
    // A zone that somebody created under this name is the one that is meant.
    let exists = world
        .resources_of(&assumed.account, &assumed.region, TYPE)
        .any(|known| known.text("Name").is_some_and(|known| known.trim_end_matches('.') == name));
    if zone.id.is_none() && exists {
        return;
    }
    let id = zone.id.clone().unwrap_or_else(|| {
        let digits = world.stable_token(&["zone", &assumed.account, name], 20).to_ascii_uppercase();
        format!("Z{digits}")
    });
    let servers: Vec<String> = (1..=4).map(|number| format!("ns-{number}.awsdns-0{number}.com")).collect();
    let properties = json!({"Id": id, "Name": format!("{name}."), "NameServers": servers});
    put(world, &assumed.account, &assumed.region, TYPE, &id, properties);
}

fn network(world: &mut World, assumed: &Assumed, vpc: &Vpc) {
    let (account, region) = (&assumed.account, &assumed.region);
    let block: ipnet::Ipv4Net = match vpc.cidr.as_deref().unwrap_or(VPC_CIDR).parse() {
        Ok(block) => block,
        Err(_) => return,
    };
    let properties = json!({
        "VpcId": vpc.id, "CidrBlock": block.to_string(), "EnableDnsSupport": true, "EnableDnsHostnames": true,
    });
    put(world, account, region, "AWS::EC2::VPC", &vpc.id, properties);
    let zones = availability_zones(region);
    let length = (block.prefix_len() + 4).min(28);
    let mut blocks = block.subnets(length).into_iter().flatten();
    for group in &vpc.subnets {
        for (index, id) in group.iter().enumerate() {
            if world.resource(account, region, "AWS::EC2::Subnet", id).is_some() {
                continue;
            }
            let Some(block) = blocks.next() else { return };
            let mut properties = Map::new();
            properties.insert("SubnetId".into(), json!(id));
            properties.insert("VpcId".into(), json!(vpc.id));
            properties.insert("CidrBlock".into(), json!(block.to_string()));
            properties.insert("AvailabilityZone".into(), json!(zones.get(index % zones.len().max(1))));
            put(world, account, region, "AWS::EC2::Subnet", id, Value::Object(properties));
        }
    }
}

fn secret(world: &mut World, assumed: &Assumed, name: &str) {
    const TYPE: &str = "AWS::SecretsManager::Secret";
    let (account, region) = owner(name, assumed);
    // Behind the name an ARN has six characters of its own.
    let (arn, name) = match name.split_once(":secret:") {
        Some((_, tail)) => {
            let plain = tail.rsplit_once('-').filter(|(_, suffix)| suffix.len() == 6).map_or(tail, |(plain, _)| plain);
            (name.to_owned(), plain.to_owned())
        }
        None => {
            let suffix = world.stable_token(&["secret", &account, &region, name], 6);
            let partition = partition(&region);
            (format!("arn:{partition}:secretsmanager:{region}:{account}:secret:{name}-{suffix}"), name.to_owned())
        }
    };
    let exists = world.resources_of(&account, &region, TYPE).any(|known| known.text("Name") == Some(&name));
    if !exists {
        put(world, &account, &region, TYPE, &arn, json!({"Id": arn, "Name": name}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::clock::{Clock, Pace};

    const ACCOUNT: &str = "111122223333";
    const REGION: &str = "us-east-1";

    fn assumed(edit: impl FnOnce(&mut Assumed)) -> World {
        let mut assumed = Assumed { account: ACCOUNT.into(), region: REGION.into(), ..Assumed::default() };
        edit(&mut assumed);
        let mut world = World::new(1, Clock::new(Pace::Fast));
        assume(&mut world, &assumed);
        // The same spec again changes nothing.
        let before = serde_json::to_value(&world).unwrap();
        assume(&mut world, &assumed);
        assert_eq!(serde_json::to_value(&world).unwrap()["accounts"], before["accounts"]);
        world
    }

    #[test]
    fn what_is_assumed_is_told_of_once() {
        let mut world = World::new(1, Clock::new(Pace::Fast));
        let arn = "arn:aws:iam::222222222222:role/gwinfra-deploy".to_owned();
        let wanted = Assumed {
            account: ACCOUNT.into(),
            region: REGION.into(),
            secrets: vec!["acme/openai".into()],
            roles: vec![arn],
            images: vec!["111122223333.dkr.ecr.us-east-1.amazonaws.com/litellm:v1".into()],
            ..Assumed::default()
        };
        let lines = assume(&mut world, &wanted);
        assert!(lines.contains(&"AWS::IAM::Role gwinfra-deploy in 222222222222".to_owned()), "{lines:?}");
        assert!(
            lines.contains(&"image 111122223333.dkr.ecr.us-east-1.amazonaws.com/litellm:v1".to_owned()),
            "{lines:?}"
        );
        assert!(lines.iter().any(|line| line.starts_with("AWS::SecretsManager::Secret ")), "{lines:?}");
        assert_eq!(assume(&mut world, &wanted), Vec::<String>::new());
    }

    #[test]
    fn a_certificate_gets_the_name_that_the_spec_gets_later() {
        const ARN: &str = "arn:aws:acm:us-east-1:111122223333:certificate/1";
        let with = |name: Option<&str>| Assumed {
            certificates: vec![Certificate { arn: ARN.into(), name: name.map(str::to_owned) }],
            ..Assumed::default()
        };
        let mut world = assumed(|assumed| assumed.certificates = with(None).certificates);
        let name = |world: &World| {
            let found = world.resource(ACCOUNT, REGION, "AWS::CertificateManager::Certificate", ARN).unwrap();
            found.text("DomainName").unwrap().to_owned()
        };
        assert_eq!(name(&world), "assumed.invalid");
        assume(&mut world, &with(Some("llm.example.com")));
        assert_eq!(name(&world), "llm.example.com");
        assume(&mut world, &with(None));
        assert_eq!(name(&world), "llm.example.com");
    }

    #[test]
    fn the_subnets_of_a_group_lie_in_different_zones() {
        let vpc = Vpc { id: "vpc-1".into(), cidr: None, subnets: vec![vec!["subnet-1".into(), "subnet-2".into()]] };
        let world = assumed(|assumed| assumed.vpc = Some(vpc));
        let zone =
            |id| world.resource(ACCOUNT, REGION, "AWS::EC2::Subnet", id).unwrap().text("AvailabilityZone").unwrap();
        assert_eq!((zone("subnet-1"), zone("subnet-2")), ("us-east-1a", "us-east-1b"));
    }

    #[test]
    fn the_subnets_of_all_groups_have_addresses_of_their_own() {
        let groups = vec![vec!["subnet-1".into()], vec!["subnet-2".into()]];
        let world = assumed(|assumed| assumed.vpc = Some(Vpc { id: "vpc-1".into(), cidr: None, subnets: groups }));
        let block = |id| world.resource(ACCOUNT, REGION, "AWS::EC2::Subnet", id).unwrap().text("CidrBlock").unwrap();
        assert_eq!((block("subnet-1"), block("subnet-2")), ("10.0.0.0/20", "10.0.16.0/20"));
    }

    #[test]
    fn a_role_is_assumed_in_its_own_account() {
        let world = assumed(|assumed| assumed.roles.push("arn:aws:iam::222222222222:role/ci/deploy".into()));
        let role = world.resource("222222222222", REGION, "AWS::IAM::Role", "deploy").unwrap();
        assert_eq!((role.text("Path"), role.assumed), (Some("/ci/"), true));
    }

    #[test]
    fn a_secret_that_is_named_gets_an_arn() {
        let world = assumed(|assumed| assumed.secrets.push("acme/openai".into()));
        let secret = world.resources_of(ACCOUNT, REGION, "AWS::SecretsManager::Secret").next().unwrap();
        assert!(secret.identifier.starts_with("arn:aws:secretsmanager:us-east-1:111122223333:secret:acme/openai-"));
    }

    #[test]
    fn a_zone_that_is_named_gets_an_id() {
        let zone = HostedZone { name: Some("example.com".into()), id: None };
        let world = assumed(|assumed| assumed.hosted_zones.push(zone));
        let zone = world.resources_of(ACCOUNT, REGION, "AWS::Route53::HostedZone").next().unwrap();
        assert_eq!((zone.text("Name"), zone.identifier.len()), (Some("example.com."), 21));
    }
}
