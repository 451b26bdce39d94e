//! EC2: the routes of route tables.

use aws_sdk_ec2::types::{Filter, RouteOrigin};
use serde_json::{Value, json};

use super::Result;
use super::ec2::Ec2;

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// VPC.
    pub vpc: String,
    /// Route table.
    pub table: String,
    /// Where it leads to: an IPv4 or IPv6 network, or a list of prefixes.
    pub destination: String,
    /// Id of what it leads through: a gateway, a peering, an interface. `None` for what is not known here.
    pub through: Option<String>,
    /// Whether it was made by a call: not the table's own, and not one that a gateway announces.
    made: bool,
}

impl Route {
    /// Its properties, as a template would write them.
    pub fn properties(&self) -> Value {
        json!({"Destination": self.destination, "Target": self.through})
    }

    fn leads_through(&self, start: &str) -> bool {
        self.through.as_deref().is_some_and(|through| through.starts_with(start))
    }
}

impl Ec2 {
    /// The routes in these tables that were made by a call: not the table's own, those that a gateway announces, and those
    /// that an endpoint writes.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn routes(&self, tables: &[&str]) -> Result<Vec<Route>> {
        let filter = Filter::builder().name("route-table-id");
        let filter = tables.iter().fold(filter, |filter, table| filter.values(*table)).build();
        let mut routes = self.all_routes(&tables.join(", "), Some(filter)).await?;
        routes.retain(|route| route.made && !route.leads_through("local") && !route.leads_through("vpce-"));
        Ok(routes)
    }

    /// The routes of the region's VPCs to IPv4 networks of others. Default routes and those within a VPC are left out, and
    /// so are those that leave through NAT: nothing comes back that way.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn routes_out(&self) -> Result<Vec<Route>> {
        let mut routes = self.all_routes("*", None).await?;
        routes.retain(|route| {
            let is_ipv4 = route.destination.contains('.');
            let is_out = route.through.is_some() && !route.leads_through("local") && !route.leads_through("nat-");
            is_ipv4 && is_out && route.destination != "0.0.0.0/0"
        });
        Ok(routes)
    }

    async fn all_routes(&self, subject: &str, filter: Option<Filter>) -> Result<Vec<Route>> {
        let (mut all, mut token) = (Vec::new(), None);
        loop {
            let send = || {
                let call = self.client.describe_route_tables().set_next_token(token.clone());
                call.set_filters(filter.clone().map(|filter| vec![filter])).send()
            };
            let answer = self.caller.call("DescribeRouteTables", subject, send).await?;
            for table in answer.route_tables.unwrap_or_default() {
                let (vpc, id) = (table.vpc_id.unwrap_or_default(), table.route_table_id.unwrap_or_default());
                let routes = table.routes.unwrap_or_default().into_iter();
                all.extend(routes.filter_map(|route| one(&vpc, &id, route)));
            }
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
    }
}

fn one(vpc: &str, table: &str, route: aws_sdk_ec2::types::Route) -> Option<Route> {
    let made = route.origin.as_ref().is_none_or(|origin| *origin == RouteOrigin::CreateRoute);
    let destination =
        route.destination_cidr_block.or(route.destination_ipv6_cidr_block).or(route.destination_prefix_list_id)?;
    let through = route
        .gateway_id
        .or(route.nat_gateway_id)
        .or(route.transit_gateway_id)
        .or(route.vpc_peering_connection_id)
        .or(route.egress_only_internet_gateway_id)
        .or(route.network_interface_id)
        .or(route.instance_id);
    Some(Route { vpc: vpc.to_owned(), table: table.to_owned(), destination, through, made })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(route: aws_sdk_ec2::types::builders::RouteBuilder) -> Route {
        one("vpc-1", "rtb-1", route.build()).unwrap()
    }

    #[test]
    fn the_tables_own_route_was_made_by_nobody() {
        let own = aws_sdk_ec2::types::Route::builder().destination_cidr_block("10.0.0.0/16").gateway_id("local");
        assert!(!of(own.origin(RouteOrigin::CreateRouteTable)).made);
    }

    #[test]
    fn a_route_has_what_a_template_would_say() {
        let route = aws_sdk_ec2::types::Route::builder().destination_cidr_block("10.1.0.0/16");
        let route = of(route.vpc_peering_connection_id("pcx-1").origin(RouteOrigin::CreateRoute));
        assert!(route.made);
        assert_eq!(route.properties(), json!({"Destination": "10.1.0.0/16", "Target": "pcx-1"}));
    }
}
