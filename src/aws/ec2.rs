//! EC2: the regions, availability zones and networks that a spec names.

use super::Result;
use super::call::Caller;

/// A region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Name.
    pub name: String,
    /// Whether the account has it enabled.
    pub enabled: bool,
}

/// A VPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vpc {
    /// Id.
    pub id: String,
    /// IPv4 CIDR blocks, the first one first.
    pub cidrs: Vec<String>,
}

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// Id.
    pub id: String,
    /// VPC that it is in.
    pub vpc: String,
    /// IPv4 CIDR block.
    pub cidr: String,
    /// Availability zone, by name.
    pub availability_zone: String,
    /// Addresses that are free.
    pub free_addresses: u32,
}

/// EC2 in one account and region.
#[derive(Debug)]
pub struct Ec2 {
    pub(super) client: aws_sdk_ec2::Client,
    pub(super) caller: Caller,
}

impl Ec2 {
    pub(super) fn new(client: aws_sdk_ec2::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    /// All regions of the partition.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn regions(&self) -> Result<Vec<Region>> {
        let answer = self
            .caller
            .call("DescribeRegions", "the account", || self.client.describe_regions().all_regions(true).send())
            .await?;
        let regions = answer.regions.unwrap_or_default().into_iter();
        Ok(regions
            .filter_map(|region| {
                let enabled = region.opt_in_status.as_deref() != Some("not-opted-in");
                Some(Region { name: region.region_name?, enabled })
            })
            .collect())
    }

    /// Names of the availability zones that are available in the region; no local or wavelength zones.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn availability_zones(&self) -> Result<Vec<String>> {
        let region = self.caller.target.region.as_str();
        let answer = self
            .caller
            .call("DescribeAvailabilityZones", region, || self.client.describe_availability_zones().send())
            .await?;
        let zones = answer.availability_zones.unwrap_or_default().into_iter();
        Ok(zones
            .filter(|zone| zone.zone_type.as_deref().is_none_or(|kind| kind == "availability-zone"))
            .filter(|zone| zone.state.as_ref().is_none_or(|state| state.as_str() == "available"))
            .filter_map(|zone| zone.zone_name)
            .collect())
    }

    /// A VPC; `None` when there is none of that id.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn vpc(&self, id: &str) -> Result<Option<Vpc>> {
        let answer = self.caller.call("DescribeVpcs", id, || self.client.describe_vpcs().vpc_ids(id).send()).await;
        let answer = match answer {
            Err(error) if error.is("InvalidVpcID.NotFound") || error.is("InvalidVpcID.Malformed") => return Ok(None),
            other => other?,
        };
        Ok(answer.vpcs.unwrap_or_default().into_iter().next().map(|vpc| {
            let mut cidrs: Vec<String> = vpc.cidr_block.into_iter().collect();
            for association in vpc.cidr_block_association_set.unwrap_or_default() {
                cidrs.extend(association.cidr_block.filter(|cidr| !cidrs.contains(cidr)));
            }
            Vpc { id: vpc.vpc_id.unwrap_or_else(|| id.to_owned()), cidrs }
        }))
    }

    /// The subnets of a VPC.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn subnets(&self, vpc: &str) -> Result<Vec<Subnet>> {
        let filter = aws_sdk_ec2::types::Filter::builder().name("vpc-id").values(vpc).build();
        let mut subnets = Vec::new();
        let mut token = None;
        loop {
            let answer = self
                .caller
                .call("DescribeSubnets", vpc, || {
                    self.client.describe_subnets().filters(filter.clone()).set_next_token(token.clone()).send()
                })
                .await?;
            subnets.extend(answer.subnets.unwrap_or_default().into_iter().map(|subnet| Subnet {
                id: subnet.subnet_id.unwrap_or_default(),
                vpc: subnet.vpc_id.unwrap_or_default(),
                cidr: subnet.cidr_block.unwrap_or_default(),
                availability_zone: subnet.availability_zone.unwrap_or_default(),
                free_addresses: u32::try_from(subnet.available_ip_address_count.unwrap_or(0)).unwrap_or(0),
            }));
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(subnets);
            }
        }
    }
}
