//! Asks who announces addresses: `ip-to-asn-consumer RUN-DIR ADDRESS..`.

use std::error::Error;
use std::net::IpAddr;

use ip_to_asn::{Address, IpToAsn, Status};
use netipc::{Client, ClientConfig, Endpoint};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let run_dir = args.next().ok_or("usage: ip-to-asn-consumer RUN-DIR ADDRESS..")?;
    let addresses = args.map(|arg| arg.parse()).collect::<Result<Vec<IpAddr>, _>>()?;
    let keys: Vec<_> = addresses.iter().copied().map(Address::from).collect();

    let endpoint = Endpoint::new(run_dir, "ip-to-asn")?;
    let mut client = Client::<IpToAsn>::new(endpoint, ClientConfig::default());
    client.refresh(); // connects; in a longer program, call it in your loop
    let reply = client.lookup(&keys)?;

    println!("{:<24} {:>10}  {:<2}  ORGANISATION", "ADDRESS", "AS", "CC");
    for (address, item) in addresses.iter().zip(reply.items()) {
        let address = address.to_string();
        match item.status() {
            Status::Known => {
                let country = String::from_utf8_lossy(item.country());
                let organisation = String::from_utf8_lossy(item.organisation());
                println!("{address:<24} {:>10}  {country:<2}  {organisation}", item.asn());
            }
            Status::Unknown => println!("{address:<24} {:>10}", "unknown"),
            Status::PayloadExceeded | Status::OversizedItem => println!("{address:<24} {:>10}", "too large"),
        }
    }
    Ok(())
}
