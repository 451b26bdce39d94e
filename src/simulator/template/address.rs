//! `Fn::Cidr`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// `count` (1 to 256) blocks with `bits` host bits each, from the start of `block`.
pub(super) fn cidr(block: &str, count: u32, bits: u32) -> Result<Vec<String>, String> {
    let net: IpNet =
        block.parse().map_err(|_| format!("Template error: Fn::Cidr: {block} is not a valid CIDR block"))?;
    let width = u32::from(net.max_prefix_len());
    if !(1..=256).contains(&count) || bits == 0 || bits > width {
        return Err(
            "Template error: Fn::Cidr count must be 1 to 256 and cidrBits 1 to the width of an address".to_owned()
        );
    }
    let prefix = width - bits;
    let room = prefix.checked_sub(u32::from(net.prefix_len()));
    if room.is_none_or(|room| room < 32 && u64::from(count) > 1u64 << room) {
        return Err(format!("Template error: Fn::Cidr: cannot make {count} blocks of {bits} bits from {block}"));
    }
    let base: u128 = match net.network() {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    };
    Ok((0..u128::from(count))
        .map(|index| {
            let address = base + (index << bits);
            match net {
                IpNet::V4(_) => format!("{}/{prefix}", Ipv4Addr::from(u32::try_from(address).unwrap_or(u32::MAX))),
                IpNet::V6(_) => format!("{}/{prefix}", Ipv6Addr::from(address)),
            }
        })
        .collect())
}
