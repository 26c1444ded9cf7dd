//! The routes of this host that decide whether instances are met where they are.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::HostError;
use super::links::LiveHost;
use super::route::{Route, route};
use crate::address::{Address, Prefix};
use crate::netlink::{Error, Interrupted};
use crate::policy::{Policy, Translation};
use crate::ruleset::AnyPrefix;

/// Addresses that nobody has, so that only the default route leads there: the dummy address of RFC 7600,
/// and one of the documentation prefix of RFC 9637.
const ELSEWHERE: (Ipv4Addr, Ipv6Addr) =
    (Ipv4Addr::new(192, 0, 0, 8), Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 1));

/// The routes that decide about a policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Routes {
    /// The fixed networks to which no route leads, or only the default one.
    pub unrouted: Vec<AnyPrefix>,
    /// The next hops of the default routes.
    pub defaults: Vec<NextHop>,
}

/// A router, and the interface by which it is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextHop {
    /// The address of the router.
    pub address: IpAddr,
    /// The interface number.
    pub interface: u32,
}

impl LiveHost {
    /// Asks the kernel for the routes that decide about the policy. It answers as for packets that
    /// this host sends: rules with `iif` do not count (ip-rule(8)).
    ///
    /// # Errors
    ///
    /// [`HostError::Routes`] if the kernel does not answer.
    pub fn routes(&mut self, policy: &Policy) -> Result<Routes, HostError> {
        let mut routes = Routes::default();
        self.add_routes(&policy.ipv4, ELSEWHERE.0, AnyPrefix::V4, &mut routes)?;
        self.add_routes(&policy.ipv6, ELSEWHERE.1, AnyPrefix::V6, &mut routes)?;
        Ok(routes)
    }

    /// Adds the routes of one family.
    fn add_routes<A: Address>(
        &mut self,
        translation: &Translation<A>,
        elsewhere: A,
        prefix: impl Fn(Prefix<A>) -> AnyPrefix,
        routes: &mut Routes,
    ) -> Result<(), HostError> {
        if translation.fixed.is_empty() {
            return Ok(());
        }
        for &network in &translation.fixed {
            let found = self.route_to(an_instance(translation, network))?;
            if found.is_none_or(|route| route.length == 0) {
                routes.unrouted.push(prefix(network));
            }
        }
        let default = self.route_to(elsewhere)?;
        routes.defaults.extend(default.and_then(|route| route.next_hop));
        Ok(())
    }

    fn route_to(&mut self, address: impl Address) -> Result<Option<Route>, HostError> {
        route(&mut self.socket, address.into()).map_err(|error| match error {
            Interrupted::Again => {
                HostError::Routes(Error::refused(libc::ENOBUFS, "look a route up"))
            }
            Interrupted::Failed(error) => HostError::Routes(error),
        })
    }
}

/// The address of an instance in the network, where the policy has one: a network may be routed one
/// address after the other.
fn an_instance<A: Address>(translation: &Translation<A>, network: Prefix<A>) -> A {
    let egress = &translation.egress;
    let first = egress.partition_point(|one| one.fixed < network.first());
    let found = egress.get(first).map(|one| one.fixed).filter(|&fixed| network.contains(fixed));
    found.unwrap_or_else(|| network.first())
}
