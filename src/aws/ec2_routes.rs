//! EC2: the routes of route tables, as a template would write them.

use serde_json::{Value, json};

use super::Result;
use super::ec2::Ec2;

/// A route that somebody made.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// The table.
    pub table: String,
    /// Where it leads to: networks, or a list of prefixes.
    pub destination: String,
    /// Its properties.
    pub properties: Value,
}

impl Ec2 {
    /// The routes in these tables that were made by a call: not the table's own, those that a gateway announces, and those
    /// that an endpoint writes.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn routes(&self, tables: &[&str]) -> Result<Vec<Route>> {
        let names = tables.join(", ");
        let filter = aws_sdk_ec2::types::Filter::builder().name("route-table-id");
        let filter = tables.iter().fold(filter, |filter, table| filter.values(*table)).build();
        let (mut all, mut token) = (Vec::new(), None);
        loop {
            let answer = self
                .caller
                .call("DescribeRouteTables", &names, || {
                    self.client.describe_route_tables().filters(filter.clone()).set_next_token(token.clone()).send()
                })
                .await?;
            for table in answer.route_tables.unwrap_or_default() {
                let Some(id) = table.route_table_id else { continue };
                for route in table.routes.unwrap_or_default() {
                    let is_made = route.origin.as_ref().is_none_or(|origin| origin.as_str() == "CreateRoute");
                    let is_local = route.gateway_id.as_deref() == Some("local");
                    let is_of_endpoint =
                        route.gateway_id.as_deref().is_some_and(|gateway| gateway.starts_with("vpce-"));
                    let destination = route
                        .destination_cidr_block
                        .or(route.destination_ipv6_cidr_block)
                        .or(route.destination_prefix_list_id);
                    let target = route
                        .gateway_id
                        .or(route.nat_gateway_id)
                        .or(route.transit_gateway_id)
                        .or(route.vpc_peering_connection_id)
                        .or(route.egress_only_internet_gateway_id)
                        .or(route.network_interface_id)
                        .or(route.instance_id);
                    if let Some(destination) = destination.filter(|_| is_made && !is_local && !is_of_endpoint) {
                        let properties = json!({"Destination": destination, "Target": target});
                        all.push(Route { table: id.clone(), destination, properties });
                    }
                }
            }
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
    }
}
