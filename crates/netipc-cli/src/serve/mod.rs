//! `netipc serve`: providers that run until they are told to stop.

mod host;
mod provision;
mod synthetic;

use netipc::services::{AppsLookup, CgroupsLookup, CgroupsSnapshot, Increment, StringReverse};

use crate::cli::Serve;
use crate::failure::Failure;
use provision::Provision;

pub(crate) use host::CEILING as HOST_CEILING;

pub(crate) fn run(serve: &Serve) -> Result<(), Failure> {
    match serve {
        Serve::Increment { serve, service } => {
            let mut provision = Provision::new(serve)?;
            provision.bind::<Increment, _>(service.name(), |request, reply| {
                Ok(reply.value(request.value.wrapping_add(1))?)
            })?;
            provision.run()
        }
        Serve::StringReverse { serve, service } => {
            let mut provision = Provision::new(serve)?;
            provision.bind::<StringReverse, _>(service.name(), |request, reply| {
                let text = request.text();
                let room = reply.text_room(text.len())?;
                room.copy_from_slice(text);
                room.reverse();
                Ok(())
            })?;
            provision.run()
        }
        Serve::CgroupsSnapshot { items, serve, service } => {
            let items = items.items;
            let mut provision = Provision::new(serve)?;
            provision.bind::<CgroupsSnapshot, _>(service.name(), move |_, reply| {
                synthetic::cgroups_snapshot(items, reply)
            })?;
            provision.run()
        }
        Serve::CgroupsLookup { items, serve, service } => {
            let items = items.items;
            let mut provision = Provision::new(serve)?;
            provision.bind::<CgroupsLookup, _>(service.name(), move |request, reply| {
                synthetic::cgroups_lookup(items, request, reply)
            })?;
            provision.run()
        }
        Serve::AppsLookup { items, serve, service } => {
            let items = items.items;
            let mut provision = Provision::new(serve)?;
            provision.bind::<AppsLookup, _>(service.name(), move |request, reply| {
                synthetic::apps_lookup(items, request, reply)
            })?;
            provision.run()
        }
        Serve::Host { host, serve } => host::run(&host.root, serve),
    }
}
