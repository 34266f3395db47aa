//! The service `ip-to-asn`: what its provider and its consumer share.

use std::net::{IpAddr, Ipv6Addr};

/// What the schema becomes.
pub mod services {
    include!(concat!(env!("OUT_DIR"), "/netipc.rs"));
}

pub use services::ip_to_asn::{Address, IpToAsn, Status};

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        let bits = match ip {
            IpAddr::V4(ip) => ip.to_ipv6_mapped().to_bits(),
            IpAddr::V6(ip) => ip.to_bits(),
        };
        Self { high: (bits >> 64) as u64, low: bits as u64 }
    }
}

impl From<Address> for Ipv6Addr {
    fn from(address: Address) -> Self {
        Self::from_bits(u128::from(address.high) << 64 | u128::from(address.low))
    }
}
