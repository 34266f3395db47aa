//! Serves the networks of a CSV file: `ip-to-asn-provider RUN-DIR [FILE]`.

use std::error::Error;
use std::net::{IpAddr, Ipv6Addr};

use ip_to_asn::IpToAsn;
use ip_to_asn::services::ip_to_asn::KnownFields;
use netipc::{Endpoint, Server, ServerConfig};

struct Network {
    prefix: u128,
    length: u32,
    asn: u32,
    country: String,
    organisation: String,
}

impl Network {
    /// One line of the file: `192.0.2.0/24,64496,DE,Example Networks`.
    fn parse(line: &str) -> Result<Self, Box<dyn Error>> {
        let mut columns = line.splitn(4, ',');
        let mut column = || columns.next().ok_or(format!("`{line}` has fewer than four columns"));
        let (network, asn, country, organisation) = (column()?, column()?, column()?, column()?);
        let (ip, length) = network.split_once('/').ok_or(format!("`{network}` has no prefix length"))?;
        let (ip, base) = match ip.parse()? {
            IpAddr::V4(ip) => (ip.to_ipv6_mapped(), 96),
            IpAddr::V6(ip) => (ip, 0),
        };
        let length = base + length.parse::<u32>()?;
        let prefix = ip.to_bits();
        Ok(Self { prefix, length, asn: asn.parse()?, country: country.into(), organisation: organisation.into() })
    }

    fn contains(&self, ip: Ipv6Addr) -> bool {
        (self.prefix ^ ip.to_bits()).leading_zeros() >= self.length
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let run_dir = args.next().ok_or("usage: ip-to-asn-provider RUN-DIR [FILE]")?;
    let file = args.next().unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/networks.csv").to_owned());
    let lines = std::fs::read_to_string(file)?;
    let lines = lines.lines().filter(|line| !line.starts_with('#'));
    let networks = lines.map(Network::parse).collect::<Result<Vec<_>, _>>()?;

    let endpoint = Endpoint::new(run_dir, "ip-to-asn")?;
    let server = Server::<IpToAsn>::bind(endpoint, ServerConfig::default(), move |request, reply| {
        reply.generation(1); // the file is read once, so the data never changes
        for key in request.keys() {
            let matching = networks.iter().filter(|network| network.contains(key.into()));
            match matching.max_by_key(|network| network.length) {
                Some(Network { asn, country, organisation, .. }) => reply.known(KnownFields {
                    asn: *asn,
                    country: country.as_bytes(),
                    organisation: organisation.as_bytes(),
                })?,
                None => reply.unknown()?,
            }
        }
        Ok(())
    })?;
    println!("ready");
    Ok(server.run()?)
}
