//! Rules and statements as nft(8) text.

use std::fmt;
use std::net::IpAddr;

use crate::address::IpFamily;
use crate::ruleset::value::Ipv6Text;
use crate::ruleset::{
    AddressSide, AnyPrefix, Direction, MapKey, NatKind, NatTarget, Rule, Statement,
};

impl fmt::Display for Rule {
    /// The rule as one line of nft(8), as people write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line("counter"))
    }
}

impl Rule {
    /// The rule as nft(8) lists it when its counter has counted so much.
    #[must_use]
    pub fn listing(&self, packets: u64, bytes: u64) -> String {
        self.line(&format!("counter packets {packets} bytes {bytes}"))
    }

    fn line(&self, counter: &str) -> String {
        let statements = self.statements.iter().enumerate();
        let shown = statements.filter_map(|(position, statement)| match statement {
            Statement::NfProto(family) | Statement::EtherType(family)
                if self.implies(*family, position) =>
            {
                None
            }
            Statement::Counter => Some(counter.to_owned()),
            _ => Some(statement.to_string()),
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    /// Whether an address match implies the comparison of `meta nfproto`, or in the bridge family
    /// `meta protocol`, that stands at `position`,
    /// with nothing but other matches between them: then nft(8) hides it, and adds it again.
    fn implies(&self, family: IpFamily, position: usize) -> bool {
        let mut behind = self.statements.iter().skip(position + 1);
        behind
            .find_map(|statement| match statement {
                Statement::Interface { .. }
                | Statement::EtherDestination(_)
                | Statement::PortPair { .. }
                | Statement::ToHost
                | Statement::L4Protocol(_)
                | Statement::SourceUnroutable
                | Statement::InZone(_)
                | Statement::Dnated
                | Statement::NotDnated => None,
                Statement::AddressInSet { family: of, .. }
                | Statement::ServiceInSet { family: of, .. }
                | Statement::Rewrite { family: of, .. } => Some(*of == family),
                Statement::DestinationOutside(prefix) => Some(prefix.family() == family),
                Statement::Nat { family: of, target, .. } => Some(
                    *of == family
                        && match target {
                            NatTarget::Address(_) => false,
                            NatTarget::Map { .. } | NatTarget::PrefixMap { .. } => true,
                        },
                ),
                Statement::NfProto(_)
                | Statement::EtherType(_)
                | Statement::LearnPort { .. }
                | Statement::SetZone(_)
                | Statement::SetEtherDestination(_)
                | Statement::SetToHost
                | Statement::Reject(_)
                | Statement::Reset
                | Statement::Counter
                | Statement::Masquerade
                | Statement::Accept
                | Statement::Drop => Some(false),
                // Most often a match that implies it, too.
                Statement::Foreign(_) => Some(true),
            })
            .unwrap_or(false)
    }
}

impl fmt::Display for Statement {
    /// The statement as nft(8) lists it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Statement::Interface { direction, negated, pattern } => {
                let operator = if *negated { "!= " } else { "" };
                write!(f, "{} {operator}\"{pattern}\"", direction.keyword())
            }
            Statement::EtherDestination(group) => {
                let (mask, value) = (Mac(group.mask()), Mac(group.value()));
                write!(f, "ether daddr & {mask} == {value}")
            }
            Statement::LearnPort { set } => write!(f, "update @{set} {{ iif . iif }}"),
            Statement::PortPair { set } => write!(f, "iif . oif @{set}"),
            Statement::NfProto(family) => f.write_str(match family {
                IpFamily::V4 => "meta nfproto ipv4",
                IpFamily::V6 => "meta nfproto ipv6",
            }),
            Statement::EtherType(family) => write!(f, "meta protocol {}", family.keyword()),
            Statement::ToHost => f.write_str("meta pkttype host"),
            Statement::AddressInSet { family, side, negated, set } => {
                let operator = if *negated { "!= " } else { "" };
                write!(f, "{} {} {operator}@{set}", family.keyword(), side.keyword())
            }
            Statement::DestinationOutside(prefix) => {
                write!(f, "{} daddr != {prefix}", prefix.family().keyword())
            }
            Statement::ServiceInSet { family, set } => {
                write!(f, "{} daddr . meta l4proto . th dport @{set}", family.keyword())
            }
            Statement::L4Protocol(protocol) => write!(f, "meta l4proto {protocol}"),
            Statement::SourceUnroutable => f.write_str("fib saddr . iif oif missing"),
            Statement::InZone(zone) => write!(f, "ct zone {zone}"),
            Statement::SetZone(zone) => write!(f, "ct zone set {zone}"),
            Statement::Rewrite { family, side, map } => {
                let (family, side) = (family.keyword(), side.keyword());
                write!(f, "{family} {side} set {family} saddr . {family} daddr map @{map}")
            }
            Statement::SetEtherDestination(address) => {
                write!(f, "ether daddr set {}", Mac(*address))
            }
            Statement::SetToHost => f.write_str("meta pkttype set host"),
            Statement::Dnated => f.write_str("ct status dnat"),
            Statement::NotDnated => f.write_str("ct status ! dnat"),
            Statement::Counter => f.write_str("counter"),
            Statement::Nat { kind, family, target } => {
                let (kind, family) = (kind.keyword(), family.keyword());
                match target {
                    NatTarget::Address(IpAddr::V4(address)) => {
                        write!(f, "{kind} {family} to {address}")
                    }
                    NatTarget::Address(IpAddr::V6(address)) => {
                        write!(f, "{kind} {family} to {}", Ipv6Text(*address))
                    }
                    NatTarget::Map { key: MapKey::Address(side), map, .. } => {
                        write!(f, "{kind} {family} to {family} {} map @{map}", side.keyword())
                    }
                    NatTarget::Map { key: MapKey::AddressPair, map, .. } => {
                        write!(f, "{kind} {family} to {family} saddr . {family} daddr map @{map}")
                    }
                    NatTarget::Map { key: MapKey::AddressAndPort, map, .. } => write!(
                        f,
                        "{kind} {family} to {family} daddr . meta l4proto . th dport map @{map}"
                    ),
                    NatTarget::PrefixMap { side, map } => {
                        let side = side.keyword();
                        write!(f, "{kind} {family} prefix to {family} {side} map @{map}")
                    }
                }
            }
            Statement::Masquerade => f.write_str("masquerade"),
            Statement::Accept => f.write_str("accept"),
            Statement::Drop => f.write_str("drop"),
            Statement::Reset => f.write_str("reject with tcp reset"),
            Statement::Reject(IpFamily::V4) => f.write_str("reject with icmp port-unreachable"),
            Statement::Reject(IpFamily::V6) => f.write_str("reject with icmpv6 port-unreachable"),
            Statement::Foreign(description) => f.write_str(description),
        }
    }
}

impl fmt::Display for AnyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = match self {
            AnyPrefix::V4(prefix) => {
                prefix.first().fmt(f)?;
                (prefix.len() < 32).then(|| prefix.len())
            }
            AnyPrefix::V6(prefix) => {
                Ipv6Text(prefix.first()).fmt(f)?;
                (prefix.len() < 128).then(|| prefix.len())
            }
        };
        len.map_or(Ok(()), |len| write!(f, "/{len}"))
    }
}

impl Direction {
    /// The keyword of nft(8).
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            Direction::In => "iifname",
            Direction::Out => "oifname",
        }
    }
}

impl AddressSide {
    /// The keyword of nft(8).
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            AddressSide::Source => "saddr",
            AddressSide::Destination => "daddr",
        }
    }
}

impl NatKind {
    /// The keyword of nft(8).
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            NatKind::Dnat => "dnat",
            NatKind::Snat => "snat",
        }
    }
}

/// An Ethernet address, in the colon notation of nft(8).
pub(in crate::ruleset) struct Mac(pub(in crate::ruleset) [u8; 6]);

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, byte) in self.0.iter().enumerate() {
            let separator = if position > 0 { ":" } else { "" };
            write!(f, "{separator}{byte:02x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::address::IpFamily;
    use crate::ruleset::{
        AddressSide, Direction, Group, MapKey, NatKind, NatTarget, Rule, Statement,
    };

    #[track_caller]
    fn reads(statements: impl Into<Vec<Statement>>, expected: &str) {
        assert_eq!(Rule { statements: statements.into() }.to_string(), expected);
    }

    fn nat(kind: NatKind, family: IpFamily, target: NatTarget) -> [Statement; 2] {
        [Statement::NfProto(family), Statement::Nat { kind, family, target }]
    }

    #[test]
    fn the_guard_reads_as_nft_lists_it() {
        let ports = || "ports".to_owned();
        let vnet = Statement::Interface {
            direction: Direction::In,
            negated: false,
            pattern: "vnet*".parse().unwrap(),
        };
        reads(
            [
                vnet,
                Statement::EtherDestination(Group::Ipv6Multicast),
                Statement::LearnPort { set: ports() },
            ],
            "iifname \"vnet*\" ether daddr & ff:ff:00:00:00:00 == 33:33:00:00:00:00 \
             update @ports { iif . iif }",
        );
        reads(
            [
                Statement::EtherDestination(Group::Any),
                Statement::PortPair { set: ports() },
                Statement::Counter,
                Statement::Drop,
            ],
            "ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 iif . oif @ports \
             counter drop",
        );
    }

    #[test]
    fn the_exemption_reads_as_nft_lists_it() {
        let fixed4 = |side| Statement::AddressInSet {
            family: IpFamily::V4,
            side,
            negated: false,
            set: "fixed4".to_owned(),
        };
        reads(
            [
                Statement::NotDnated,
                Statement::NfProto(IpFamily::V4),
                fixed4(AddressSide::Source),
                fixed4(AddressSide::Destination),
                Statement::Accept,
            ],
            "ct status ! dnat ip saddr @fixed4 ip daddr @fixed4 accept",
        );
    }

    #[test]
    fn an_uplink_guard_reads_as_nft_lists_it() {
        let uplink = Statement::Interface {
            direction: Direction::Out,
            negated: true,
            pattern: "eth0".parse().unwrap(),
        };
        reads([uplink, Statement::Masquerade], "oifname != \"eth0\" masquerade");
    }

    #[test]
    fn translations_read_as_nft_lists_them() {
        let by_port = NatTarget::Map {
            key: MapKey::AddressAndPort,
            map: "dnat4_port".to_owned(),
            with_port: true,
        };
        reads(
            nat(NatKind::Dnat, IpFamily::V4, by_port),
            "dnat ip to ip daddr . meta l4proto . th dport map @dnat4_port",
        );
        let by_source = NatTarget::Map {
            key: MapKey::Address(AddressSide::Source),
            map: "snat6".to_owned(),
            with_port: false,
        };
        reads(nat(NatKind::Snat, IpFamily::V6, by_source), "snat ip6 to ip6 saddr map @snat6");
        let by_prefix =
            NatTarget::PrefixMap { side: AddressSide::Destination, map: "dnat4_net".to_owned() };
        reads(
            nat(NatKind::Dnat, IpFamily::V4, by_prefix),
            "dnat ip prefix to ip daddr map @dnat4_net",
        );
        let one = NatTarget::Address("2001:db8::1".parse().unwrap());
        reads(nat(NatKind::Snat, IpFamily::V6, one), "meta nfproto ipv6 snat ip6 to 2001:db8::1");
    }
}
