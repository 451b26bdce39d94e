//! IP sets.

use ipnet::IpNet;
use serde_json::{Value, json};

use super::super::request::{Fault, Reply, Request};
use super::super::world::World;
use super::{IP_SET, change, check_token, find, invalid, lock_token, missing, named};

pub(super) fn get(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let set = find(world, request, IP_SET, &named(request)?)?;
    let description = json!({
        "Name": set.text("Name"),
        "Id": set.text("Id"),
        "ARN": set.text("Arn"),
        "Description": set.text("Description"),
        "IPAddressVersion": set.text("IPAddressVersion"),
        "Addresses": set.property("Addresses").cloned().unwrap_or_else(|| json!([])),
    });
    Ok(json!({"IPSet": description, "LockToken": lock_token(world, set)}))
}

pub(super) fn update(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let set = find(world, request, IP_SET, &named(request)?)?.clone();
    if !request.params.get("Addresses").is_some_and(Value::is_array) {
        return Err(missing("Addresses"));
    }
    let is_six = set.text("IPAddressVersion") == Some("IPV6");
    for address in request.texts("Addresses") {
        let network = address.parse::<IpNet>().ok();
        if network.is_none_or(|network| matches!(network, IpNet::V6(_)) != is_six) {
            return Err(invalid("The parameter contains formatting that is not valid.", "IP_ADDRESS", &address));
        }
    }
    check_token(world, request, &set)?;
    let mut properties = set.properties.clone();
    properties["Addresses"] = json!(request.texts("Addresses"));
    if let Some(description) = request.text("Description") {
        properties["Description"] = json!(description);
    }
    Ok(change(world, request, set, properties))
}
