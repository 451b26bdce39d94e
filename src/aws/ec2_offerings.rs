//! EC2: what a region offers.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{Filter, InstanceTypeOffering, LocationType};

use super::Result;
use super::ec2::Ec2;

impl Ec2 {
    /// The availability zones of the region, by name, that offer each of these instance types. One that the region does not
    /// have is not among them.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn zones_with(&self, instance_types: &[&str]) -> Result<BTreeMap<String, BTreeSet<String>>> {
        let values = instance_types.iter().map(|&name| name.to_owned()).collect();
        let filter = Filter::builder().name("instance-type").set_values(Some(values)).build();
        let resource = instance_types.join(", ");
        let mut zones = BTreeMap::<String, BTreeSet<String>>::new();
        for offering in self.offerings(LocationType::AvailabilityZone, Some(filter), &resource).await? {
            let (Some(name), Some(zone)) = (offering.instance_type, offering.location) else { continue };
            zones.entry(name.as_str().to_owned()).or_default().insert(zone);
        }
        Ok(zones)
    }

    /// The instance types that the region offers, in whatever zone.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn instance_types(&self) -> Result<BTreeSet<String>> {
        let offerings = self.offerings(LocationType::Region, None, "*").await?;
        let types = offerings.into_iter().filter_map(|offering| offering.instance_type);
        Ok(types.map(|name| name.as_str().to_owned()).collect())
    }

    async fn offerings(
        &self,
        location: LocationType,
        filter: Option<Filter>,
        resource: &str,
    ) -> Result<Vec<InstanceTypeOffering>> {
        let (mut all, mut token) = (Vec::new(), None);
        loop {
            let send = || {
                self.client
                    .describe_instance_type_offerings()
                    .location_type(location.clone())
                    .set_filters(filter.clone().map(|filter| vec![filter]))
                    .set_next_token(token.clone())
                    .send()
            };
            let answer = self.caller.call("DescribeInstanceTypeOfferings", resource, send).await?;
            all.extend(answer.instance_type_offerings.unwrap_or_default());
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
    }

    /// The services among these that have endpoints in the region, each with the zones, by name, in which it has them.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn endpoint_services(&self, names: &BTreeSet<String>) -> Result<BTreeMap<String, BTreeSet<String>>> {
        // By a filter: a name that does not exist is no error then.
        let filter = Filter::builder().name("service-name").set_values(Some(names.iter().cloned().collect())).build();
        let (mut all, mut token) = (BTreeMap::<String, BTreeSet<String>>::new(), None);
        loop {
            let send = || {
                self.client
                    .describe_vpc_endpoint_services()
                    .filters(filter.clone())
                    .set_next_token(token.clone())
                    .send()
            };
            let answer = self.caller.call("DescribeVpcEndpointServices", "*", send).await?;
            for service in answer.service_details.unwrap_or_default() {
                let Some(name) = service.service_name else { continue };
                all.entry(name).or_default().extend(service.availability_zones.unwrap_or_default());
            }
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
    }
}
