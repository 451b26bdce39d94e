//! The secret that RDS makes for a cluster whose password it manages, and takes away with it.

use serde_json::json;

use super::Place;
use crate::simulator::resource::Resource;
use crate::simulator::world::World;

const CLUSTER: &str = "AWS::RDS::DBCluster";
const SECRET: &str = "AWS::SecretsManager::Secret";

fn arn(cluster: &Resource) -> Option<&str> {
    cluster.text("MasterUserSecret.SecretArn").filter(|_| cluster.type_name == CLUSTER)
}

/// Makes the secret of a cluster that has one.
pub(super) fn make(world: &mut World, place: Place<'_>, cluster: &Resource) {
    let Some(arn) = arn(cluster) else { return };
    // Behind the name an ARN has six characters of its own.
    let name = arn.split(":secret:").nth(1).and_then(|tail| tail.rsplit_once('-')).map_or(arn, |(name, _)| name);
    let key = cluster.text("MasterUserSecret.KmsKeyId");
    let properties = json!({"Id": arn, "Name": name, "KmsKeyId": key});
    world.put(place.account, place.region, Resource::new(SECRET, arn, properties, cluster.created_at));
}

/// Takes the secret of a cluster away.
pub(super) fn remove(world: &mut World, place: Place<'_>, cluster: &Resource) {
    if let Some(arn) = arn(cluster) {
        world.remove(place.account, place.region, SECRET, arn);
    }
}
