//! The whole state of the simulation: all accounts and regions, the clock and the scenario.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::blobs::Blobs;
use super::clock::Clock;
use super::resource::{Resource, home};
use super::scenario::Scenario;
use crate::cfn::registry::Registry;
use crate::hexadecimal;

/// Every simulated account. It serialises as a whole; blobs lie beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct World {
    seed: u64,
    counter: u64,
    /// Simulated time.
    pub clock: Clock,
    accounts: BTreeMap<String, Account>,
    /// All stacks.
    #[serde(default)]
    pub cloudformation: super::cloudformation::State,
    /// Scripted faults, with what is left of each.
    #[serde(default)]
    pub scenario: Scenario,
    /// Object and layer contents.
    #[serde(skip)]
    pub blobs: Blobs,
    /// How many calls this process has answered, by `service:Action`. Not saved.
    #[serde(skip)]
    pub calls: BTreeMap<String, u64>,
    /// The resource types.
    #[serde(skip, default = "builtin")]
    registry: Arc<Registry>,
    /// Something changed that a restart could not work out again from what is on disk.
    #[serde(skip)]
    changed: bool,
}

/// What one account has.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Account {
    regions: BTreeMap<String, Region>,
}

/// What one account has in one region, or in [`super::resource::GLOBAL`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Region {
    /// By `TYPE identifier`, in order of creation.
    resources: IndexMap<String, Resource>,
    /// State of a service that belongs to no resource, by service: sessions, uploads under way.
    #[serde(default)]
    services: BTreeMap<String, Value>,
}

impl World {
    /// An empty world. The same seed and the same calls give the same identifiers.
    pub fn new(seed: u64, clock: Clock) -> Self {
        Self {
            seed,
            counter: 0,
            clock,
            accounts: BTreeMap::new(),
            cloudformation: super::cloudformation::State::default(),
            scenario: Scenario::default(),
            blobs: Blobs::default(),
            calls: BTreeMap::new(),
            registry: builtin(),
            changed: true,
        }
    }

    /// The resource types that exist here.
    pub fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry)
    }

    /// The current moment of simulated time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// All resources of an account that are seen from a region: the region's own, then the global ones.
    pub fn resources(&self, account: &str, region: &str) -> impl Iterator<Item = &Resource> {
        let regions = self.accounts.get(account).map(|account| &account.regions);
        let own = regions.and_then(|regions| regions.get(region));
        let global = if region == super::resource::GLOBAL {
            None
        } else {
            regions.and_then(|regions| regions.get(super::resource::GLOBAL))
        };
        own.into_iter().chain(global).flat_map(|region| region.resources.values())
    }

    /// The resources of one type that are seen from a region, in order of creation.
    pub fn resources_of<'a>(
        &'a self,
        account: &str,
        region: &str,
        type_name: &'a str,
    ) -> impl Iterator<Item = &'a Resource> {
        self.resources(account, region).filter(move |resource| resource.type_name == type_name)
    }

    /// One resource by its primary identifier.
    pub fn resource(&self, account: &str, region: &str, type_name: &str, identifier: &str) -> Option<&Resource> {
        self.accounts.get(account)?.regions.get(home(type_name, region))?.resources.get(&key(type_name, identifier))
    }

    /// One resource by its primary identifier, to change it. Counts as a change.
    pub fn resource_mut(
        &mut self,
        account: &str,
        region: &str,
        type_name: &str,
        identifier: &str,
    ) -> Option<&mut Resource> {
        let resource = self
            .accounts
            .get_mut(account)?
            .regions
            .get_mut(home(type_name, region))?
            .resources
            .get_mut(&key(type_name, identifier))?;
        self.changed = true;
        Some(resource)
    }

    /// Puts a resource where its type lives and returns the one that had its identifier.
    pub fn put(&mut self, account: &str, region: &str, resource: Resource) -> Option<Resource> {
        self.changed = true;
        let place = home(&resource.type_name, region).to_owned();
        let key = key(&resource.type_name, &resource.identifier);
        self.region_mut(account, &place).resources.insert(key, resource)
    }

    /// Removes a resource and returns it.
    pub fn remove(&mut self, account: &str, region: &str, type_name: &str, identifier: &str) -> Option<Resource> {
        self.changed = true;
        self.accounts
            .get_mut(account)?
            .regions
            .get_mut(home(type_name, region))?
            .resources
            .shift_remove(&key(type_name, identifier))
    }

    /// The accounts that have anything, by id.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        self.accounts.keys().map(String::as_str)
    }

    /// The regions in which an account has anything, [`super::resource::GLOBAL`] included.
    pub fn regions(&self, account: &str) -> impl Iterator<Item = &str> {
        self.accounts.get(account).into_iter().flat_map(|account| account.regions.keys().map(String::as_str))
    }

    /// State of a service that belongs to no resource; `null` at first. `region` may be [`super::resource::GLOBAL`].
    pub fn service(&self, account: &str, region: &str, service: &str) -> &Value {
        self.accounts
            .get(account)
            .and_then(|account| account.regions.get(region))
            .and_then(|region| region.services.get(service))
            .unwrap_or(&Value::Null)
    }

    /// The same, to change it. Counts as a change.
    pub fn service_mut(&mut self, account: &str, region: &str, service: &str) -> &mut Value {
        self.changed = true;
        self.region_mut(account, region).services.entry(service.to_owned()).or_insert(Value::Null)
    }

    /// A new identifier `PREFIX-` and 17 hexadecimal digits, as EC2 writes them.
    pub fn new_id(&mut self, prefix: &str) -> String {
        let digits: String = self.new_token(17);
        format!("{prefix}-{digits}")
    }

    /// A new UUID.
    pub fn new_uuid(&mut self) -> String {
        uuid_form(&self.new_token(32))
    }

    /// `length` (at most 64) new hexadecimal digits.
    pub fn new_token(&mut self, length: usize) -> String {
        self.changed = true;
        self.counter += 1;
        let counter = self.counter.to_string();
        self.stable_token(&["counter", &counter], length)
    }

    /// `length` (at most 64) hexadecimal digits that depend on the seed and `parts` alone. What happens over time uses these, so that it
    /// happens in the same way when it is worked out again after a restart.
    pub fn stable_token(&self, parts: &[&str], length: usize) -> String {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_le_bytes());
        for part in parts {
            hash.update(part.len().to_le_bytes());
            hash.update(part.as_bytes());
        }
        let mut digits = hexadecimal::digits(hash.finalize());
        digits.truncate(length);
        digits
    }

    /// Says that something changed that must be on disk before the call is answered.
    pub fn touch(&mut self) {
        self.changed = true;
    }

    /// Whether the world must be saved; asking resets it.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    fn region_mut(&mut self, account: &str, region: &str) -> &mut Region {
        self.accounts.entry(account.to_owned()).or_default().regions.entry(region.to_owned()).or_default()
    }
}

/// 32 hexadecimal digits in the form of a version-4 UUID.
pub fn uuid_form(digits: &str) -> String {
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

fn builtin() -> Arc<Registry> {
    Arc::new(Registry::builtin())
}

fn key(type_name: &str, identifier: &str) -> String {
    format!("{type_name} {identifier}")
}

#[cfg(test)]
mod tests {
    use super::super::clock::Pace;
    use super::super::resource::GLOBAL;
    use super::*;

    fn world() -> World {
        World::new(1, Clock::new(Pace::Fast))
    }

    fn resource(type_name: &str, identifier: &str) -> Resource {
        Resource::new(type_name, identifier, serde_json::json!({}), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn accounts_do_not_see_each_other() {
        let mut world = world();
        world.put("111111111111", "us-east-1", resource("AWS::EC2::VPC", "vpc-1"));
        assert_eq!(world.resources("222222222222", "us-east-1").count(), 0);
    }

    #[test]
    fn a_global_resource_is_seen_from_every_region() {
        let mut world = world();
        world.put("111111111111", "us-east-1", resource("AWS::IAM::Role", "r"));
        assert!(world.resource("111111111111", "eu-west-1", "AWS::IAM::Role", "r").is_some());
        assert_eq!(world.regions("111111111111").collect::<Vec<_>>(), [GLOBAL]);
    }

    #[test]
    fn the_same_seed_gives_the_same_identifiers() {
        assert_eq!(world().new_id("vpc"), world().new_id("vpc"));
    }

    #[test]
    fn identifiers_do_not_repeat() {
        let mut world = world();
        assert_ne!(world.new_id("vpc"), world.new_id("vpc"));
    }

    #[test]
    fn a_world_survives_serialisation() {
        let mut world = world();
        world.put("111111111111", "us-east-1", resource("AWS::EC2::VPC", "vpc-1"));
        let text = serde_json::to_string(&world).unwrap();
        let read: World = serde_json::from_str(&text).unwrap();
        assert!(read.resource("111111111111", "us-east-1", "AWS::EC2::VPC", "vpc-1").is_some());
    }
}
