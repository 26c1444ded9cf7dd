//! Traffic that is more than one packet: transfers, and datagrams in fragments.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use crate::lab::Node;

/// The bytes of a transfer.
pub(crate) const MUCH: usize = 20_000_000;

/// The bytes of a datagram that no frame of 1,500 bytes holds.
const LARGE: usize = 4_000;

/// The longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends [`MUCH`] bytes to `target` over TCP: how many `server` got, and from whom.
pub(crate) fn transfer(client: &Node, server: &Node, target: IpAddr) -> (usize, IpAddr) {
    let listener = server.enter(|| TcpListener::bind(("::", 0))).expect("bind");
    let port = listener.local_addr().expect("address").port();
    let receiver = thread::spawn(move || {
        let (mut stream, peer) = listener.accept().expect("accept");
        stream.set_read_timeout(Some(PATIENCE)).expect("time-out");
        let mut received = 0;
        let mut buffer = vec![0; 1 << 16];
        loop {
            match stream.read(&mut buffer).expect("receive") {
                0 => break,
                count => received += count,
            }
        }
        stream.write_all(b"thanks").expect("answer");
        (received, peer.ip().to_canonical())
    });
    client.enter(|| {
        let mut stream = TcpStream::connect_timeout(&(target, port).into(), PATIENCE)
            .unwrap_or_else(|error| panic!("connect to {target}: {error}"));
        stream.set_read_timeout(Some(PATIENCE)).expect("time-out");
        stream.set_write_timeout(Some(PATIENCE)).expect("time-out");
        stream.write_all(&vec![7; MUCH]).expect("send");
        stream.shutdown(Shutdown::Write).expect("end of what is sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("the answer");
        assert_eq!(answer, b"thanks");
    });
    receiver.join().expect("the receiver")
}

/// Sends a datagram that needs fragments, and gets one back: from whom `server` got it.
pub(crate) fn datagrams_in_fragments(client: &Node, server: &Node, target: IpAddr) -> IpAddr {
    let socket = server.enter(|| UdpSocket::bind(("::", 0))).expect("bind");
    let port = socket.local_addr().expect("address").port();
    socket.set_read_timeout(Some(PATIENCE)).expect("time-out");
    let receiver = thread::spawn(move || {
        let mut datagram = vec![0; 2 * LARGE];
        let (length, peer) = socket.recv_from(&mut datagram).expect("receive");
        socket.send_to(&datagram[..length], peer).expect("send back");
        (length, peer.ip().to_canonical())
    });
    let any: IpAddr =
        if target.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    client.enter(|| {
        let socket = UdpSocket::bind((any, 0)).expect("bind");
        socket.set_read_timeout(Some(PATIENCE)).expect("time-out");
        socket.connect((target, port)).expect("connect");
        let sent: Vec<u8> = (0..=250).cycle().take(LARGE).collect();
        socket.send(&sent).expect("send");
        let mut answer = vec![0; 2 * LARGE];
        let length = socket.recv(&mut answer).unwrap_or_else(|error| panic!("{target}: {error}"));
        assert_eq!(answer[..length], sent);
    });
    let (length, peer) = receiver.join().expect("the receiver");
    assert_eq!(length, LARGE);
    peer
}
