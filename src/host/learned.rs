//! The Ethernet addresses that bridges have learned.

use std::collections::{HashMap, HashSet};

use super::HostError;
use super::facts::BridgePort;
use super::links::{AF_BRIDGE, LiveHost};
use super::port_kind::PortKind;
use super::warnings::{Warning, listed};
use crate::netlink::{
    Attributes, Error, Interrupted, Malformed, Message, NLM_F_DUMP, NLM_F_REQUEST, begin, end,
};
use crate::policy::{Bridge, Reflection};

// linux/rtnetlink.h, linux/neighbour.h
const RTM_NEWNEIGH: u16 = 28;
const RTM_GETNEIGH: u16 = 30;
const NDA_LLADDR: u16 = 2;
const NUD_PERMANENT: u16 = 0x80;
const NTF_SELF: u8 = 0x02;
/// The length of `struct ndmsg`.
const NDMSG_LEN: usize = 12;

/// How many addresses were learned at each port, by its interface number.
type Counts = HashMap<u32, usize>;

impl LiveHost {
    /// Adds to the ports in hairpin mode how many addresses their bridge has learned there. Without
    /// such a port, nothing is asked.
    pub(super) fn add_learned(&mut self, ports: &mut [BridgePort]) -> Result<(), HostError> {
        if !ports.iter().any(|port| port.hairpin) {
            return Ok(());
        }
        let counts = self.learned().map_err(|error| match error {
            Interrupted::Again => HostError::Restless,
            Interrupted::Failed(error) => HostError::Links(error),
        })?;
        for port in ports.iter_mut().filter(|port| port.hairpin) {
            port.learned = counts.get(&port.index).copied().unwrap_or(0);
        }
        Ok(())
    }

    /// The number is a hint: addresses are learned and forgotten while they are listed.
    fn learned(&mut self) -> Result<Counts, Interrupted> {
        let mut request = Vec::new();
        let flags = NLM_F_REQUEST | NLM_F_DUMP;
        let start = begin(&mut request, RTM_GETNEIGH, flags, self.socket.next_seq());
        let mut ndmsg = [0; NDMSG_LEN];
        ndmsg[0] = AF_BRIDGE;
        request.extend_from_slice(&ndmsg);
        end(&mut request, start);
        let mut entries = HashSet::new();
        let errno = self.socket.request_across_changes(&request, true, |message| {
            if message.kind == RTM_NEWNEIGH {
                entries.extend(entry(message)?);
            }
            Ok::<(), Interrupted>(())
        })?;
        Error::check(errno, "list what bridges have learned")?;
        let mut counts = Counts::new();
        for (port, _) in entries {
            *counts.entry(port).or_default() += 1;
        }
        Ok(counts)
    }
}

/// The port and the address of an entry that its bridge has learned.
fn entry(message: Message<'_>) -> Result<Option<(u32, [u8; 6])>, Malformed> {
    let &[_, _, _, _, a, b, c, d, low, high, flags, _, ref rest @ ..] = message.body else {
        return Err(Malformed);
    };
    let (port, state) = (u32::from_ne_bytes([a, b, c, d]), u16::from_ne_bytes([low, high]));
    if state & NUD_PERMANENT != 0 || flags & NTF_SELF != 0 {
        return Ok(None);
    }
    let address = Attributes(rest).find(NDA_LLADDR)?;
    Ok(address.and_then(|address| Some((port, address.payload.try_into().ok()?))))
}

/// Guests behind one port (VEPA, macvlan) send one another multicast that the port returns. To the
/// guard it looks like an instance's own.
pub(super) fn guard_stops_vepa(bridge: &Bridge, ports: &[BridgePort]) -> Option<Warning> {
    let guards = match bridge.reflection {
        Reflection::Off => false,
        Reflection::Ipv6Multicast | Reflection::Multicast => true,
    };
    let is_shared = |port: &&BridgePort| {
        port.kind == PortKind::Instance
            && port.hairpin
            && port.learned > 1
            && bridge.is_instance_port(&port.name)
    };
    let shared: Vec<String> = ports.iter().filter(is_shared).map(ToString::to_string).collect();
    let first = shared.first().filter(|_| guards)?;
    Some(Warning {
        code: "guard-stops-vepa",
        message: format!(
            "bridge port {} in hairpin mode, with several Ethernet addresses behind it: if guests \
             share such a port (VEPA), the guard drops the IPv6 multicast that they send one another \
             by it, and they do not find each other",
            listed(&shared, "is", "are"),
        ),
        hint: format!(
            "leave the port out with `\"!{first}\"` in `bridge.ports`; it keeps its mode, and \
             instances behind it then hear their own multicast"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::guard_stops_vepa;
    use crate::address::InterfaceName;
    use crate::host::BridgePort;
    use crate::policy::{Bridge, Source, parse};

    fn bridge(text: &str) -> Bridge {
        let text = format!("bridge: {text}").into_bytes();
        parse(&[Source { name: "policy.yaml".to_owned(), text }]).unwrap().bridge
    }

    #[test]
    fn a_guarded_port_that_guests_share_is_told_until_it_is_left_out() {
        let port = |hairpin, learned| {
            let name = InterfaceName::new("vnet9");
            [BridgePort { name, hairpin, learned, ..BridgePort::default() }]
        };
        let guarded = bridge("{ports: [vnet*]}");
        let warning = guard_stops_vepa(&guarded, &port(true, 2)).unwrap();
        assert!(warning.message.starts_with("bridge port `vnet9` is in"), "{}", warning.message);
        assert!(warning.hint.contains("`\"!vnet9\"`"), "{}", warning.hint);
        assert_eq!(guard_stops_vepa(&guarded, &port(true, 1)), None);
        assert_eq!(guard_stops_vepa(&guarded, &port(false, 2)), None);
        for other in ["{ports: [vnet*, \"!vnet9\"]}", "{reflection: off}"] {
            assert_eq!(guard_stops_vepa(&bridge(other), &port(true, 2)), None, "{other}");
        }
    }
}
