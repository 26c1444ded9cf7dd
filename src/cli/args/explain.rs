//! The arguments of `hairnat explain`.

use std::net::IpAddr;
use std::num::NonZeroU16;

use clap::{Args, ValueEnum};

use super::PolicyFiles;
use crate::address::InterfacePattern;

/// What is to be explained.
#[derive(Debug, Args)]
pub(in crate::cli) struct Explain {
    /// The client: an address, or `host` for this host itself
    #[arg(long, value_name = "ADDR", required_unless_present = "frame")]
    pub(in crate::cli) from: Option<String>,
    /// What the client connects to
    #[arg(long, value_name = "ADDR", required_unless_present = "frame")]
    pub(in crate::cli) to: Option<IpAddr>,
    /// The protocol; without it tcp if there is a port
    #[arg(long, value_enum, value_name = "PROTOCOL")]
    pub(in crate::cli) proto: Option<ExplainProtocol>,
    /// The L4 port that the client connects to
    #[arg(long, value_name = "N")]
    pub(in crate::cli) port: Option<NonZeroU16>,
    /// The interface that the packet leaves by if it does not go to an instance
    ///
    /// Without it, the first of the policy's uplinks.
    #[arg(long, value_name = "INTERFACE")]
    pub(in crate::cli) via: Option<InterfacePattern>,
    /// Walk through what the kernel holds, not through a policy
    #[arg(long, conflicts_with_all = ["files", "stdin_as", "without"])]
    pub(in crate::cli) live: bool,
    /// Answer for every combination of the host's settings, not for the present ones
    #[arg(long)]
    pub(in crate::cli) all: bool,
    /// Ask about a frame in a bridge instead of a packet
    #[arg(long, conflicts_with_all = ["from", "to", "proto", "port", "via", "all"])]
    #[arg(requires_all = ["from_port", "to_port", "ether_dst"])]
    pub(in crate::cli) frame: bool,
    /// The bridge port that the frame comes in by
    #[arg(long, value_name = "PORT", requires = "frame")]
    pub(in crate::cli) from_port: Option<InterfacePattern>,
    /// The bridge port that it would leave by
    #[arg(long, value_name = "PORT", requires = "frame")]
    pub(in crate::cli) to_port: Option<InterfacePattern>,
    /// The frame's destination address
    #[arg(long, value_name = "MAC", requires = "frame", value_parser = ether_address)]
    pub(in crate::cli) ether_dst: Option<[u8; 6]>,
    /// The policy.
    #[command(flatten)]
    pub(in crate::cli) policy: PolicyFiles,
}

/// The protocols of a packet that is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ExplainProtocol {
    /// Transmission Control Protocol
    Tcp,
    /// User Datagram Protocol
    Udp,
    /// Stream Control Transmission Protocol
    Sctp,
    /// Echo requests of ICMP, for IPv6 of its own ICMP
    Icmp,
}

/// Reads `33:33:ff:00:00:10`.
fn ether_address(text: &str) -> Result<[u8; 6], String> {
    let bytes: Option<Vec<u8>> = text
        .split(':')
        .map(|byte| if byte.len() == 2 { u8::from_str_radix(byte, 16).ok() } else { None })
        .collect();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| "an Ethernet address is six bytes such as 33:33:ff:00:00:10".to_owned())
}
