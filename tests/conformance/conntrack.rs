//! Forgets every connection of this namespace, so that none answers for a later one.

use std::os::fd::AsRawFd as _;

use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, socket,
};

/// `IPCTNL_MSG_CT_DELETE` of `NFNL_SUBSYS_CTNETLINK`: without a tuple it is for all connections.
const DELETE: u16 = 0x0102;

/// `NLM_F_REQUEST | NLM_F_ACK`
const FLAGS: u16 = 0x5;

pub(crate) fn flush() {
    let protocol = SockProtocol::NetlinkNetFilter;
    let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)
        .expect("a netlink socket");
    // A `nlmsghdr`, then a `nfgenmsg` of zeros.
    let mut message = 20_u32.to_ne_bytes().to_vec();
    message.extend(DELETE.to_ne_bytes());
    message.extend(FLAGS.to_ne_bytes());
    message.resize(20, 0);
    let kernel = NetlinkAddr::new(0, 0);
    sendto(socket.as_raw_fd(), &message, &kernel, MsgFlags::empty()).expect("flush conntrack");
    let mut answer = [0; 64];
    let length = recv(socket.as_raw_fd(), &mut answer, MsgFlags::empty()).expect("an answer");
    // A `nlmsgerr` begins with the error.
    assert!(length >= 20 && answer[16..20] == [0; 4], "conntrack does not forget: {answer:?}");
}
