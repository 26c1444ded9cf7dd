//! The hairpin floating-IP path of a Linux bridge host, declared once and kept true.
//!
//! Instances on a bridge have *fixed* addresses; the outside knows them by *floats*. A policy maps
//! the one to the other, and this crate makes two nftables tables of it: `inet hairnat` translates,
//! `bridge hairnat` keeps ports in hairpin mode from reflecting an instance's own multicast.
//!
//! # The path of a packet
//!
//! An instance with fixed address 10.0.0.10 and float 203.0.113.10 talks to its own float:
//!
//! ```text
//!  instance                    10.0.0.10 → 203.0.113.10
//!     │
//!     ▼ bridge port            bridge gateway      for another gateway? take it in, with `redirect`
//!     │                        bridge prerouting   group-addressed? learn the port (iif . iif)
//!     │                                            its own float? rewrite it, with `own_float`  (own4)
//!     │                        bridge forward      leaving by a learned port? drop: the guard
//!     ▼
//!  inet zones                  passing through a firewall bridge, or forged? leave it untranslated
//!  inet prerouting / output    DNAT by map         10.0.0.10 → 10.0.0.10      (dnat4)
//!     │
//!     ▼ routed, or bridged where br_netfilter is on and the port is in hairpin mode
//!     │
//!  inet postrouting            fixed → fixed and not DNATed? accept: left alone
//!     │                        SNAT by map         203.0.113.10 → 10.0.0.10   (snat4)
//!     │                        DNATed, but the client has no float? masquerade
//!  inet refuse_forward/_input  for a pool and not DNATed? reject
//!     ▼ bridge output          rewritten above? its peer becomes the float      (self4)
//!  instance                    sees its own float as its peer, and answers it
//! ```
//!
//! Only the first packet of a connection takes this way; conntrack translates the rest, and every
//! answer back. A float is an element of a map, never a rule, so the way is as long for a million
//! floats as for one.
//!
//! # The layers
//!
//! A module uses only what is below it; a test sees to that.
//!
//! ```text
//! cli                      the program
//! kernel    host           effects: nf_tables and conntrack; bridge ports and settings
//! compile   plan   trace   policy → ruleset; ruleset × what is live → plan; a packet's way
//! ruleset   policy         our nftables objects; the policy language
//! netlink   address        bytes on a netlink socket; addresses, prefixes, L4 ports, interfaces
//! printable                text of others without what a reader would not see
//! ```
//!
//! Everything but `netlink`, `kernel`, `host` and `cli` is values in, values out.
//!
//! # An example
//!
//! ```
//! use hairnat::compile::compile;
//! use hairnat::kernel::{FakeKernel, Kernel};
//! use hairnat::plan::plan;
//! use hairnat::policy::{Source, parse};
//!
//! let text = "fixed: [10.0.0.0/24]\nfloats: { 203.0.113.10: 10.0.0.10 }";
//! let source = Source { name: "policy.yaml".into(), text: text.into() };
//! let desired = compile(&parse(&[source]).unwrap());
//!
//! // `NfTables` is the real one.
//! let mut kernel = FakeKernel::new();
//! let live = kernel.snapshot()?;
//! kernel.commit(&plan(&live, &desired))?;
//!
//! assert!(plan(&kernel.snapshot()?, &desired).is_empty(), "a second apply has nothing to do");
//! # Ok::<(), hairnat::kernel::KernelError>(())
//! ```

pub mod address;
pub mod cli;
pub mod compile;
pub mod host;
pub mod kernel;
pub mod netlink;
pub mod plan;
pub mod policy;
pub mod printable;
pub mod ruleset;
pub mod trace;
