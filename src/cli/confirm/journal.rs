//! The system log, for what nobody else is there to hear.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process;

use crate::cli::reverted::Reverted;
use crate::printable::printable;

/// Where syslog(3) sends what is to be logged.
const SOCKET: &str = "/dev/log";

/// Facility `daemon`, level `warning`, as RFC 5424 §6.2.1 numbers them.
const PRIORITY: u8 = 3 * 8 + 4;

/// Logs the changes of others that went when the previous state came back: only the log tells them.
pub(super) fn tell_of_others(reverted: &Reverted) {
    if let Some(text) = reverted.changes_of_others() {
        tell(&format!("`apply --confirm`: the previous state is back: {text}"));
    }
}

/// Logs a line. There is nothing to be done where no log is kept.
pub(super) fn tell(text: &str) {
    let _ = send(text, Path::new(SOCKET));
}

fn send(text: &str, socket: &Path) -> std::io::Result<()> {
    let line =
        format!("<{PRIORITY}>hairnat[{}]: {}", process::id(), printable(&text.replace('\n', " ")));
    let ours = UnixDatagram::unbound()?;
    // A log that is stuck must not keep the process.
    ours.set_nonblocking(true)?;
    ours.send_to(line.as_bytes(), socket).map(drop)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;
    use std::{env, fs, process};

    use super::send;

    #[test]
    fn a_line_has_its_priority_and_where_it_comes_from() {
        let path = env::temp_dir().join(format!("hairnat-log-{}", process::id()));
        let log = UnixDatagram::bind(&path).unwrap();
        let sent = send("the previous state\nis back", &path);
        fs::remove_file(&path).unwrap();
        sent.unwrap();
        let mut line = [0; 100];
        let len = log.recv(&mut line).unwrap();
        let expected = format!("<28>hairnat[{}]: the previous state is back", process::id());
        assert_eq!(String::from_utf8_lossy(&line[..len]), expected);
    }
}
