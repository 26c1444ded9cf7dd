//! The numbers of the kernel's interface, under the kernel's names.
//!
//! Sources, below `include/uapi/linux`: `netfilter/nfnetlink.h`, `netfilter/nf_tables.h` and
//! `netfilter/nfnetlink_conntrack.h`.
//! Only what hairnat reads or writes is here, typed as it stands on the wire.

// nfnetlink.h
pub(super) const NFNL_SUBSYS_CTNETLINK: u16 = 1;
pub(super) const NFNL_SUBSYS_NFTABLES: u16 = 10;
pub(super) const NFNL_MSG_BATCH_BEGIN: u16 = 0x10;
pub(super) const NFNL_MSG_BATCH_END: u16 = 0x11;
pub(super) const NFNL_BATCH_GENID: u16 = 1;
/// The multicast group that is told of every commit.
pub(super) const NFNLGRP_NFTABLES: i32 = 7;

/// The length of `struct nfgenmsg`.
pub(super) const NFGENMSG_LEN: usize = 4;

/// The netlink message type of an `enum nf_tables_msg_types`.
const fn nft(message: u16) -> u16 {
    NFNL_SUBSYS_NFTABLES << 8 | message
}

// enum nf_tables_msg_types
pub(super) const NEWTABLE: u16 = nft(0);
pub(super) const GETTABLE: u16 = nft(1);
pub(super) const DELTABLE: u16 = nft(2);
pub(super) const NEWCHAIN: u16 = nft(3);
pub(super) const GETCHAIN: u16 = nft(4);
pub(super) const NEWRULE: u16 = nft(6);
pub(super) const GETRULE: u16 = nft(7);
pub(super) const DELRULE: u16 = nft(8);
pub(super) const NEWSET: u16 = nft(9);
pub(super) const GETSET: u16 = nft(10);
pub(super) const DELSET: u16 = nft(11);
pub(super) const NEWSETELEM: u16 = nft(12);
pub(super) const GETSETELEM: u16 = nft(13);
pub(super) const DELSETELEM: u16 = nft(14);
pub(super) const NEWGEN: u16 = nft(15);
pub(super) const GETGEN: u16 = nft(16);
pub(super) const NEWOBJ: u16 = nft(18);
pub(super) const GETOBJ: u16 = nft(19);
pub(super) const NEWFLOWTABLE: u16 = nft(22);
pub(super) const GETFLOWTABLE: u16 = nft(23);

pub(super) const NFTA_GEN_ID: u16 = 1;

/// `NFTA_TABLE_NAME` of a table, and the `NFTA_*_TABLE` of whatever is in one.
pub(super) const NFTA_ANY_TABLE: u16 = 1;

pub(super) const NFTA_TABLE_NAME: u16 = 1;
pub(super) const NFTA_TABLE_FLAGS: u16 = 2;
pub(super) const NFTA_TABLE_USERDATA: u16 = 6;
pub(super) const NFTA_TABLE_OWNER: u16 = 7;
pub(super) const NFT_TABLE_F_DORMANT: u32 = 0x1;

pub(super) const NFTA_CHAIN_TABLE: u16 = 1;
pub(super) const NFTA_CHAIN_NAME: u16 = 3;
pub(super) const NFTA_CHAIN_HOOK: u16 = 4;
pub(super) const NFTA_CHAIN_POLICY: u16 = 5;
pub(super) const NFTA_CHAIN_TYPE: u16 = 7;
pub(super) const NFTA_CHAIN_COUNTERS: u16 = 8;
pub(super) const NFTA_CHAIN_FLAGS: u16 = 10;
pub(super) const NFTA_HOOK_HOOKNUM: u16 = 1;
pub(super) const NFTA_HOOK_PRIORITY: u16 = 2;
pub(super) const NFTA_HOOK_DEV: u16 = 3;
pub(super) const NFTA_HOOK_DEVS: u16 = 4;
/// Says that the chain is a base chain; the other chain flags change what it does.
pub(super) const NFT_CHAIN_BASE: u32 = 0x1;
pub(super) const NF_DROP: u32 = 0;
pub(super) const NF_ACCEPT: u32 = 1;

pub(super) const NFTA_RULE_TABLE: u16 = 1;
pub(super) const NFTA_RULE_CHAIN: u16 = 2;
pub(super) const NFTA_RULE_HANDLE: u16 = 3;
pub(super) const NFTA_RULE_EXPRESSIONS: u16 = 4;
pub(super) const NFTA_RULE_USERDATA: u16 = 7;

pub(super) const NFTA_SET_TABLE: u16 = 1;
pub(super) const NFTA_SET_NAME: u16 = 2;
pub(super) const NFTA_SET_FLAGS: u16 = 3;
pub(super) const NFTA_SET_KEY_TYPE: u16 = 4;
pub(super) const NFTA_SET_KEY_LEN: u16 = 5;
pub(super) const NFTA_SET_DATA_TYPE: u16 = 6;
pub(super) const NFTA_SET_DATA_LEN: u16 = 7;
pub(super) const NFTA_SET_POLICY: u16 = 8;
pub(super) const NFTA_SET_DESC: u16 = 9;
pub(super) const NFTA_SET_TIMEOUT: u16 = 11;
pub(super) const NFTA_SET_GC_INTERVAL: u16 = 12;
pub(super) const NFTA_SET_OBJ_TYPE: u16 = 15;
pub(super) const NFTA_SET_EXPR: u16 = 17;
pub(super) const NFTA_SET_EXPRESSIONS: u16 = 18;
/// How many elements there are (Linux 6.16).
pub(super) const NFTA_SET_COUNT: u16 = 20;
pub(super) const NFTA_SET_DESC_SIZE: u16 = 1;
pub(super) const NFT_SET_ANONYMOUS: u32 = 0x1;
pub(super) const NFT_SET_INTERVAL: u32 = 0x4;
pub(super) const NFT_SET_MAP: u32 = 0x8;
pub(super) const NFT_SET_TIMEOUT: u32 = 0x10;
pub(super) const NFT_SET_EVAL: u32 = 0x20;
pub(super) const NFT_SET_CONCAT: u32 = 0x80;

pub(super) const NFTA_SET_ELEM_LIST_TABLE: u16 = 1;
pub(super) const NFTA_SET_ELEM_LIST_SET: u16 = 2;
pub(super) const NFTA_SET_ELEM_LIST_ELEMENTS: u16 = 3;
pub(super) const NFTA_SET_ELEM_KEY: u16 = 1;
pub(super) const NFTA_SET_ELEM_DATA: u16 = 2;
pub(super) const NFTA_SET_ELEM_FLAGS: u16 = 3;
pub(super) const NFTA_SET_ELEM_USERDATA: u16 = 6;
pub(super) const NFTA_SET_ELEM_EXPR: u16 = 7;
pub(super) const NFTA_SET_ELEM_KEY_END: u16 = 10;
pub(super) const NFTA_SET_ELEM_EXPRESSIONS: u16 = 11;
pub(super) const NFT_SET_ELEM_INTERVAL_END: u32 = 0x1;
pub(super) const NFT_SET_ELEM_CATCHALL: u32 = 0x2;

/// `NFTA_OBJ_TABLE` and `NFTA_FLOWTABLE_TABLE` alike.
pub(super) const NFTA_OTHER_TABLE: u16 = 1;
/// `NFTA_OBJ_NAME` and `NFTA_FLOWTABLE_NAME` alike.
pub(super) const NFTA_OTHER_NAME: u16 = 2;
pub(super) const NFTA_OBJ_TYPE: u16 = 3;

pub(super) const NFTA_LIST_ELEM: u16 = 1;
pub(super) const NFTA_DATA_VALUE: u16 = 1;
pub(super) const NFTA_DATA_VERDICT: u16 = 2;
pub(super) const NFTA_VERDICT_CODE: u16 = 1;
pub(super) const NFTA_VERDICT_CHAIN: u16 = 2;
pub(super) const NFTA_EXPR_NAME: u16 = 1;
pub(super) const NFTA_EXPR_DATA: u16 = 2;

// Registers: `NFT_REG_1` to `NFT_REG_4` are 16 bytes each and lie over the 32-bit ones.
pub(super) const NFT_REG_VERDICT: u32 = 0;
pub(super) const NFT_REG_1: u32 = 1;
pub(super) const NFT_REG_4: u32 = 4;
pub(super) const NFT_REG32_00: u32 = 8;
pub(super) const NFT_REG32_15: u32 = 23;

pub(super) const NFT_PAYLOAD_LL_HEADER: u32 = 0;
pub(super) const NFT_PAYLOAD_NETWORK_HEADER: u32 = 1;
pub(super) const NFT_PAYLOAD_TRANSPORT_HEADER: u32 = 2;

pub(super) const NFT_PAYLOAD_CSUM_NONE: u32 = 0;
pub(super) const NFT_PAYLOAD_CSUM_INET: u32 = 1;
pub(super) const NFT_PAYLOAD_L4CSUM_PSEUDOHDR: u32 = 0x1;

pub(super) const NFT_META_PROTOCOL: u32 = 1;
pub(super) const NFT_META_IIF: u32 = 4;
pub(super) const NFT_META_OIF: u32 = 5;
pub(super) const NFT_META_IIFNAME: u32 = 6;
pub(super) const NFT_META_OIFNAME: u32 = 7;
pub(super) const NFT_META_NFPROTO: u32 = 15;
pub(super) const NFT_META_L4PROTO: u32 = 16;

pub(super) const NFT_META_PKTTYPE: u32 = 19;
/// `PACKET_HOST` of `if_packet.h`.
pub(super) const PACKET_HOST: u8 = 0;
/// `ETH_P_IP` and `ETH_P_IPV6` of `if_ether.h`.
pub(super) const ETH_P_IP: u16 = 0x0800;
pub(super) const ETH_P_IPV6: u16 = 0x86dd;

/// The routing table is asked for the source address and the interface that the packet came in by
/// (`NFTA_FIB_F_SADDR`, `NFTA_FIB_F_IIF`), and says only whether there is a route
/// (`NFTA_FIB_F_PRESENT`).
pub(super) const FIB_SOURCE_BY_INTERFACE: u32 = 0x1 | 0x8 | NFTA_FIB_F_PRESENT;
pub(super) const NFTA_FIB_F_PRESENT: u32 = 0x20;
pub(super) const NFT_FIB_RESULT_OIF: u32 = 1;

pub(super) const NFT_REJECT_ICMP_UNREACH: u32 = 0;
pub(super) const NFT_REJECT_TCP_RST: u32 = 1;
/// `ICMP_PORT_UNREACH` of `icmp.h` and `ICMPV6_PORT_UNREACH` of `icmpv6.h`.
pub(super) const ICMP_PORT_UNREACH: u8 = 3;
pub(super) const ICMPV6_PORT_UNREACH: u8 = 4;

pub(super) const NFT_CT_STATUS: u32 = 2;
pub(super) const NFT_CT_ZONE: u32 = 17;
/// `IPS_DST_NAT` of `netfilter/nf_conntrack_common.h`.
pub(super) const IPS_DST_NAT: u32 = 0x20;

pub(super) const NFT_CMP_EQ: u32 = 0;
pub(super) const NFT_CMP_NEQ: u32 = 1;

/// The lookup goes on if the set has not the key.
pub(super) const NFT_LOOKUP_F_INV: u32 = 0x1;

pub(super) const NFT_DYNSET_OP_UPDATE: u32 = 1;

pub(super) const NFT_NAT_SNAT: u32 = 0;
pub(super) const NFT_NAT_DNAT: u32 = 1;
pub(super) const NF_NAT_RANGE_MAP_IPS: u32 = 0x1;
pub(super) const NF_NAT_RANGE_PROTO_SPECIFIED: u32 = 0x2;
pub(super) const NF_NAT_RANGE_NETMAP: u32 = 0x40;

/// The netlink message type of an `enum cntl_msg_types`.
const fn ct(message: u16) -> u16 {
    NFNL_SUBSYS_CTNETLINK << 8 | message
}

// enum cntl_msg_types
pub(super) const CT_NEW: u16 = ct(0);
pub(super) const CT_GET: u16 = ct(1);
pub(super) const CT_DELETE: u16 = ct(2);

pub(super) const CTA_TUPLE_ORIG: u16 = 1;
pub(super) const CTA_TUPLE_REPLY: u16 = 2;
pub(super) const CTA_STATUS: u16 = 3;
pub(super) const CTA_ID: u16 = 12;
pub(super) const CTA_ZONE: u16 = 18;
pub(super) const IPS_SEEN_REPLY: u32 = 0x2;
pub(super) const CTA_TUPLE_IP: u16 = 1;
pub(super) const CTA_TUPLE_PROTO: u16 = 2;
pub(super) const CTA_IP_V4_SRC: u16 = 1;
pub(super) const CTA_IP_V4_DST: u16 = 2;
pub(super) const CTA_IP_V6_SRC: u16 = 3;
pub(super) const CTA_IP_V6_DST: u16 = 4;
pub(super) const CTA_PROTO_NUM: u16 = 1;
pub(super) const CTA_PROTO_SRC_PORT: u16 = 2;
pub(super) const CTA_PROTO_DST_PORT: u16 = 3;

pub(super) const NFPROTO_UNSPEC: u8 = 0;
pub(super) const NFPROTO_INET: u8 = 1;
pub(super) const NFPROTO_IPV4: u8 = 2;
pub(super) const NFPROTO_BRIDGE: u8 = 7;
pub(super) const NFPROTO_IPV6: u8 = 10;

/// `IFNAMSIZ` of `if.h`.
pub(super) const IFNAMSIZ: usize = 16;
