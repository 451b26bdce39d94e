//! EC2: what an account has already in a region.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::Tag;

use super::Result;
use super::ec2::Ec2;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// Something of a network that stands in the region.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    /// Id.
    pub id: String,
    /// IPv4 CIDR blocks; none for what has no addresses of its own.
    pub cidrs: Vec<String>,
    /// Tags.
    pub tags: Tags,
}

impl Ec2 {
    /// The VPCs of the region.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn vpcs(&self) -> Result<Vec<Item>> {
        let (mut all, mut token) = (Vec::new(), None);
        loop {
            let send = || self.client.describe_vpcs().set_next_token(token.clone()).send();
            let answer = self.caller.call("DescribeVpcs", "*", send).await?;
            all.extend(answer.vpcs.unwrap_or_default().into_iter().map(|vpc| {
                let mut cidrs: Vec<String> = vpc.cidr_block.into_iter().collect();
                for association in vpc.cidr_block_association_set.unwrap_or_default() {
                    cidrs.extend(association.cidr_block.filter(|cidr| !cidrs.contains(cidr)));
                }
                Item { id: vpc.vpc_id.unwrap_or_default(), cidrs, tags: tags(vpc.tags) }
            }));
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
    }

    /// The Elastic IP addresses of the region.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn addresses(&self) -> Result<Vec<Item>> {
        let answer = self.caller.call("DescribeAddresses", "*", || self.client.describe_addresses().send()).await?;
        let addresses = answer.addresses.unwrap_or_default().into_iter();
        Ok(addresses
            .map(|address| Item {
                id: address.allocation_id.or(address.public_ip).unwrap_or_default(),
                cidrs: Vec::new(),
                tags: tags(address.tags),
            })
            .collect())
    }

    /// The internet gateways of the region.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn internet_gateways(&self) -> Result<Vec<Item>> {
        let (mut all, mut token) = (Vec::new(), None);
        loop {
            let send = || self.client.describe_internet_gateways().set_next_token(token.clone()).send();
            let answer = self.caller.call("DescribeInternetGateways", "*", send).await?;
            all.extend(answer.internet_gateways.unwrap_or_default().into_iter().map(|gateway| Item {
                id: gateway.internet_gateway_id.unwrap_or_default(),
                cidrs: Vec::new(),
                tags: tags(gateway.tags),
            }));
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
    }

    /// The Client VPN endpoints of the region, with the networks of their clients.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn client_vpn_endpoints(&self) -> Result<Vec<Item>> {
        let (mut all, mut token) = (Vec::new(), None);
        loop {
            let send = || self.client.describe_client_vpn_endpoints().set_next_token(token.clone()).send();
            let answer = self.caller.call("DescribeClientVpnEndpoints", "*", send).await?;
            all.extend(answer.client_vpn_endpoints.unwrap_or_default().into_iter().map(|endpoint| Item {
                id: endpoint.client_vpn_endpoint_id.unwrap_or_default(),
                cidrs: endpoint.client_cidr_block.into_iter().collect(),
                tags: tags(endpoint.tags),
            }));
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
    }
}

fn tags(tags: Option<Vec<Tag>>) -> Tags {
    tags.unwrap_or_default().into_iter().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect()
}
