//! The address plan of a new VPC.
//!
//! The VPC is cut into one slot per availability zone, and each slot into a private, a public and a data subnet. Down to
//! a /23 there are always four slots, so that a zone that is added later moves nothing. Larger VPCs keep most of a slot
//! free: subnets cannot grow, and peers such as EKS or RDS Proxy may want some of their own later.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// Smallest subnet that a load balancer accepts.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html>
const LOAD_BALANCER_PREFIX: u8 = 27;
/// Smallest subnet that a VPC accepts.
const SMALLEST_PREFIX: u8 = 28;

/// Subnets of one availability zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZonePlan {
    /// For NAT gateways and a public load balancer.
    pub public: Ipv4Net,
    /// For tasks, endpoints and an internal load balancer.
    pub private: Ipv4Net,
    /// For the database and the cache.
    pub data: Ipv4Net,
}

/// Plans `zones` (1 to 4) availability zones in a VPC of /16 to /24. A VPC of another size gives a plan that AWS will
/// refuse; the rules refuse it before.
pub fn plan(vpc: Ipv4Net, zones: usize, public_load_balancer: bool) -> Vec<ZonePlan> {
    let length = vpc.prefix_len();
    let slot_bits = if length >= 24 && zones <= 2 { 1 } else { 2 };
    (0..zones.min(4))
        .map(|zone| {
            let slot = nth(vpc, length + slot_bits, zone);
            if length <= 20 { spacious(slot, length) } else { dense(slot, public_load_balancer) }
        })
        .collect()
}

/// A quarter of the slot for private subnets; public and data subnets begin the second quarter; half stays free.
fn spacious(slot: Ipv4Net, vpc_length: u8) -> ZonePlan {
    let small = (vpc_length + 8).min(LOAD_BALANCER_PREFIX);
    let second = nth(slot, vpc_length + 4, 1);
    ZonePlan { private: nth(slot, vpc_length + 4, 0), public: nth(second, small, 0), data: nth(second, small, 1) }
}

/// The whole slot: half for the tier that needs it, a quarter for each of the others.
fn dense(slot: Ipv4Net, public_load_balancer: bool) -> ZonePlan {
    let length = slot.prefix_len();
    let half = nth(slot, length + 1, 0);
    let quarters = [nth(slot, length + 2, 2), nth(slot, length + 2, 3)];
    // Three or four zones in a /24 leave one /27 and two /28 each, and only the /27 can hold a load balancer.
    if length + 2 > LOAD_BALANCER_PREFIX && public_load_balancer {
        ZonePlan { public: half, private: quarters[0], data: quarters[1] }
    } else {
        ZonePlan { private: half, public: quarters[0], data: quarters[1] }
    }
}

/// The `index`th network of `length` in `net`; networks smaller than AWS knows, or outside `net`, become `net` itself.
fn nth(net: Ipv4Net, length: u8, index: usize) -> Ipv4Net {
    if length > SMALLEST_PREFIX || length < net.prefix_len() {
        return net;
    }
    net.subnets(length).ok().and_then(|mut subnets| subnets.nth(index)).unwrap_or(net)
}

/// The address of the VPC's DNS resolver: the second after the network's own.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html>
pub fn resolver(vpc: Ipv4Net) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(vpc.network()).saturating_add(2))
}

/// Reads a network; text that is none becomes the default VPC's network, which the rules never let happen.
pub fn parse(text: &str) -> Ipv4Net {
    text.parse::<Ipv4Net>()
        .map(|net| net.trunc())
        .unwrap_or_else(|_| Ipv4Net::new(Ipv4Addr::new(10, 40, 0, 0), 16).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(plan: &[ZonePlan]) -> Vec<Ipv4Net> {
        plan.iter().flat_map(|zone| [zone.private, zone.public, zone.data]).collect()
    }

    fn every_plan() -> impl Iterator<Item = (Ipv4Net, usize, bool, Vec<ZonePlan>)> {
        (16..=24).flat_map(|length| (2..=4).flat_map(move |zones| [(length, zones, false), (length, zones, true)])).map(
            |(length, zones, public)| {
                let vpc = Ipv4Net::new(Ipv4Addr::new(10, 40, 0, 0), length).unwrap();
                (vpc, zones, public, plan(vpc, zones, public))
            },
        )
    }

    #[test]
    fn subnets_lie_in_the_vpc_and_never_overlap() {
        for (vpc, zones, _, plan) in every_plan() {
            let nets = nets(&plan);
            assert_eq!(nets.len(), 3 * zones);
            for (index, net) in nets.iter().enumerate() {
                assert!(vpc.contains(net), "{net} in {vpc}");
                for other in &nets[index + 1..] {
                    assert!(!net.contains(other) && !other.contains(net), "{net} and {other} in {vpc}");
                }
            }
        }
    }

    #[test]
    fn every_subnet_is_one_that_aws_accepts() {
        for (vpc, _, _, plan) in every_plan() {
            for net in nets(&plan) {
                assert!((16..=SMALLEST_PREFIX).contains(&net.prefix_len()), "{net} in {vpc}");
            }
        }
    }

    #[test]
    fn the_load_balancers_subnets_are_large_enough_for_it() {
        for (vpc, _, public, plan) in every_plan() {
            for zone in plan {
                let net = if public { zone.public } else { zone.private };
                assert!(net.prefix_len() <= LOAD_BALANCER_PREFIX, "{net} in {vpc}");
            }
        }
    }

    #[test]
    fn an_added_zone_moves_nothing() {
        for length in 16..=23 {
            let vpc = Ipv4Net::new(Ipv4Addr::new(10, 0, 0, 0), length).unwrap();
            assert_eq!(plan(vpc, 2, false)[..], plan(vpc, 4, false)[..2], "{vpc}");
        }
    }

    #[test]
    fn a_16_gives_each_zone_four_thousand_private_addresses() {
        let zones = plan(parse("10.40.0.0/16"), 2, false);
        let text = |net: Ipv4Net| net.to_string();
        assert_eq!(
            [zones[0].private, zones[0].public, zones[0].data].map(text),
            ["10.40.0.0/20", "10.40.16.0/24", "10.40.17.0/24"]
        );
        assert_eq!(
            [zones[1].private, zones[1].public, zones[1].data].map(text),
            ["10.40.64.0/20", "10.40.80.0/24", "10.40.81.0/24"]
        );
    }

    #[test]
    fn a_size_that_the_rules_refuse_does_not_panic() {
        for length in [0, 8, 25, 28, 31, 32] {
            plan(Ipv4Net::new(Ipv4Addr::new(10, 0, 0, 0), length).unwrap(), 4, true);
        }
    }

    #[test]
    fn the_resolver_is_the_third_address() {
        assert_eq!(resolver(parse("10.40.0.0/16")).to_string(), "10.40.0.2");
    }
}
