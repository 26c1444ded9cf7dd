//! What the kernel allows a socket.

use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, getsockopt, setsockopt, socket, sockopt::SndBuf,
};

/// `net.core.wmem_max` in bytes.
///
/// Asked of a socket, since kernels before 6.11 show the sysctl in the first network namespace
/// alone: `SO_SNDBUF` cuts what is asked for to the limit and doubles it, see socket(7).
pub(crate) fn wmem_max() -> usize {
    let socket =
        socket(AddressFamily::Unix, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None).unwrap();
    setsockopt(&socket, SndBuf, &(i32::MAX as usize)).unwrap();
    getsockopt(&socket, SndBuf).unwrap() / 2
}
