//! What a service deletes along with a resource: what somebody has added to it.

use super::Place;
use crate::simulator::resource::Resource;
use crate::simulator::world::World;

/// Types, those of what belongs to them, and the property by which that names its owner.
const BELONGINGS: [(&str, &str, &str); 4] = [
    ("AWS::Logs::LogGroup", "AWS::Logs::SubscriptionFilter", "LogGroupName"),
    ("AWS::SNS::Topic", "AWS::SNS::Subscription", "TopicArn"),
    ("AWS::SecretsManager::Secret", "AWS::SecretsManager::ResourcePolicy", "SecretId"),
    ("AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy", "ResourceId"),
];

/// Removes what belongs to a resource. Resources of stacks stay: their stacks delete them.
pub(super) fn remove(world: &mut World, place: Place<'_>, owner: &Resource) {
    for (_, kind, property) in BELONGINGS.into_iter().filter(|(own, ..)| *own == owner.type_name) {
        let name = owner.text(property).unwrap_or(&owner.identifier);
        let is_of = |one: &&Resource| one.stack.is_none() && one.text(property) == Some(name);
        let all = world.resources_of(place.account, place.region, kind).filter(is_of);
        let found: Vec<String> = all.map(|one| one.identifier.clone()).collect();
        for identifier in found {
            world.remove(place.account, place.region, kind, &identifier);
        }
    }
}
