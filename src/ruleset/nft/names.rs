//! Names that nft(8) can read.

/// The words that nft takes for keywords where a name stands (`src/scanner.l` of nftables 1.0.6 to
/// 1.1.5, the rules without a start condition), sorted.
const KEYWORDS: [&str; 161] = [
    "accept",
    "add",
    "ah",
    "all",
    "and",
    "arp",
    "auto-merge",
    "bridge",
    "cgroup",
    "chain",
    "comment",
    "comp",
    "constant",
    "continue",
    "counter",
    "cpu",
    "create",
    "ct",
    "day",
    "dccp",
    "define",
    "delete",
    "describe",
    "destroy",
    "device",
    "devices",
    "dnat",
    "drop",
    "dst",
    "dup",
    "dynamic",
    "ecn",
    "element",
    "elements",
    "eq",
    "esp",
    "ether",
    "exists",
    "expires",
    "export",
    "exthdr",
    "fib",
    "flags",
    "flow",
    "flowtable",
    "flush",
    "frag",
    "fwd",
    "gc-interval",
    "ge",
    "geneve",
    "get",
    "goto",
    "gre",
    "gretap",
    "gt",
    "handle",
    "hbh",
    "hook",
    "hour",
    "ibriport",
    "ibrname",
    "icmp",
    "icmpv6",
    "igmp",
    "iif",
    "iifgroup",
    "iifname",
    "iiftype",
    "import",
    "include",
    "index",
    "inet",
    "insert",
    "interval",
    "ip",
    "ip6",
    "ipsec",
    "jhash",
    "jump",
    "last",
    "le",
    "limit",
    "list",
    "log",
    "lshift",
    "lt",
    "map",
    "mark",
    "masquerade",
    "meta",
    "meter",
    "mh",
    "missing",
    "monitor",
    "ne",
    "netdev",
    "nftrace",
    "not",
    "notrack",
    "numgen",
    "obriport",
    "obrname",
    "offload",
    "oif",
    "oifgroup",
    "oifname",
    "oiftype",
    "or",
    "osf",
    "pkttype",
    "policy",
    "position",
    "priority",
    "queue",
    "quota",
    "random",
    "redefine",
    "redirect",
    "reject",
    "rename",
    "replace",
    "reset",
    "return",
    "rshift",
    "rt",
    "rt0",
    "rt2",
    "rtclassid",
    "rule",
    "ruleset",
    "sctp",
    "secmark",
    "set",
    "size",
    "skgid",
    "skuid",
    "snat",
    "socket",
    "srh",
    "symhash",
    "synproxy",
    "table",
    "tcp",
    "th",
    "time",
    "timeout",
    "tproxy",
    "tunnel",
    "type",
    "typeof",
    "udp",
    "udplite",
    "undefine",
    "update",
    "vlan",
    "vmap",
    "vni",
    "vxlan",
    "xor",
    "xt",
];

/// The words that are keywords behind the `@` of a rule (`SCANSTATE_AT`).
const KEYWORDS_IN_REFERENCES: [&str; 2] = ["ll", "nh"];

/// Whether nft reads the name of a chain, a set or a map where that is declared.
pub(super) fn is_name(name: &str) -> bool {
    is_string(name) && KEYWORDS.binary_search(&name).is_err()
}

/// Whether nft reads the name of a set or map in a rule.
pub(super) fn is_reference(name: &str) -> bool {
    is_name(name) && !KEYWORDS_IN_REFERENCES.contains(&name)
}

/// `string` of the scanner: `({letter}|[_.])({letter}|{digit}|[/\-_\.])*`, and more than a dot.
fn is_string(name: &str) -> bool {
    let mut bytes = name.bytes();
    let first = bytes.next();
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.');
    first.is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.'))
        && bytes.all(rest)
        && name != "."
}

#[cfg(test)]
mod tests {
    use super::{KEYWORDS, is_name, is_reference};

    #[test]
    fn the_keywords_are_sorted() {
        assert!(KEYWORDS.is_sorted());
    }

    #[test]
    fn a_name_is_a_word_and_no_keyword() {
        for name in ["prerouting", "a", "_", "..", "a/b-c_d.e", "ll", "fe80", "saddr", "Drop"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", ".", "drop", "ip", "1a", "a b", "a*", "größe", "a\"", "a;", "-a", "$a"] {
            assert!(!is_name(name), "{name}");
        }
        assert!(!is_reference("ll") && is_reference("lll"));
    }
}
