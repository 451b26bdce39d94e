//! `cidrsubnet`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// The subnet of that number, with so many bits added to the prefix.
pub(super) fn subnet(prefix: &str, bits: usize, number: usize) -> Option<String> {
    let network: IpNet = prefix.parse().ok()?;
    let length = network.prefix_len().checked_add(u8::try_from(bits).ok()?)?;
    let (width, number) = (network.max_prefix_len(), number as u128);
    if length > width || number.checked_shr(u32::try_from(bits).ok()?).is_some_and(|rest| rest > 0) {
        return None;
    }
    let moved = number.checked_shl(u32::from(width - length)).unwrap_or(0);
    let address = match network.network() {
        IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from(u32::from(address) | u32::try_from(moved).ok()?)),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) | moved)),
    };
    Some(format!("{address}/{length}"))
}

#[cfg(test)]
mod tests {
    use super::subnet;

    #[test]
    fn a_subnet_is_counted_from_zero() {
        assert_eq!(subnet("10.20.0.0/16", 4, 2).as_deref(), Some("10.20.32.0/20"));
        assert_eq!(subnet("2001:db8::/56", 8, 1).as_deref(), Some("2001:db8:0:1::/64"));
    }

    #[test]
    fn a_number_that_the_bits_do_not_hold_is_refused() {
        assert_eq!(subnet("10.20.0.0/16", 4, 16), None);
        assert_eq!(subnet("10.20.0.0/30", 4, 0), None);
    }
}
