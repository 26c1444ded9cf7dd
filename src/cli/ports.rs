//! Bridge ports around a commit: a port is in hairpin mode only while its guard is there.

use super::failure::Failure;
use crate::host::{Host, PortChange, set_ports};
use crate::kernel::KernelError;

/// Switches the ports in `off` off, then has `commit` change the rules. The outer error is that of a
/// commit after which nothing is changed, the inner one is final, and nothing is changed either.
pub(super) fn commit_after<T>(
    host: &mut impl Host,
    off: &[PortChange],
    commit: impl FnOnce() -> Result<T, KernelError>,
) -> Result<Result<T, Failure>, KernelError> {
    if let Err(error) = set_ports(host, off) {
        put_back(host, off);
        return Ok(Err(Failure::PortsFirst(error)));
    }
    let done = commit();
    match &done {
        // The answer was lost or makes no sense: the guard may be gone.
        Ok(_) | Err(KernelError::Netlink { .. } | KernelError::Malformed(_)) => {}
        Err(_) => put_back(host, off),
    }
    done.map(Ok)
}

/// Sets every port to its former mode. The failure that led here is reported, not one of these.
fn put_back(host: &mut impl Host, changes: &[PortChange]) {
    let back = |change: &PortChange| PortChange { on: change.port.hairpin, ..change.clone() };
    let _ = set_ports(host, &changes.iter().map(back).collect::<Vec<_>>());
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::commit_after;
    use crate::address::InterfaceName;
    use crate::cli::failure::Failure;
    use crate::host::{BridgePort, Facts, Host, HostError, PortChange};
    use crate::kernel::KernelError;
    use crate::netlink::Error;

    /// A record of all changes, in order; one port may refuse.
    struct RecordedHost<'a>(&'a RefCell<Vec<String>>, Option<u32>);

    impl Host for RecordedHost<'_> {
        fn facts(&mut self) -> Result<Facts, HostError> {
            let ports = (0..2).map(port).collect();
            Ok(Facts { ports, ..Facts::default() })
        }

        fn set_hairpin(&mut self, port: &BridgePort, on: bool) -> Result<(), Error> {
            if self.1 == Some(port.index) {
                return Err(Error::refused(libc::EPERM, "set the port hairpin mode"));
            }
            self.0.borrow_mut().push(format!("{} {on}", port.name));
            Ok(())
        }
    }

    fn port(index: u32) -> BridgePort {
        BridgePort {
            index,
            name: InterfaceName::new(format!("vnet{index}")),
            hairpin: true,
            ..BridgePort::default()
        }
    }

    /// Two ports go off, and the commit comes to `result`; what was done.
    fn done(
        result: Result<(), KernelError>,
        refusing: Option<u32>,
    ) -> (Result<Result<(), Failure>, KernelError>, Vec<String>) {
        let record = RefCell::new(Vec::new());
        let off = [0, 1].map(|index| PortChange { port: port(index), on: false });
        let commit = || {
            record.borrow_mut().push("rules".to_owned());
            result
        };
        let done = commit_after(&mut RecordedHost(&record, refusing), &off, commit);
        (done, record.take())
    }

    const OFF: [&str; 3] = ["vnet0 false", "vnet1 false", "rules"];

    #[test]
    fn ports_are_off_before_the_rules_change() {
        let (result, record) = done(Ok(()), None);
        assert!(matches!(result, Ok(Ok(()))));
        assert_eq!(record, OFF);
    }

    #[test]
    fn ports_are_on_again_if_the_rules_did_not_change() {
        let (result, record) = done(Err(KernelError::Stale), None);
        assert!(matches!(result, Err(KernelError::Stale)));
        assert_eq!(record, [&OFF[..], &["vnet0 true", "vnet1 true"]].concat());
    }

    /// The guard may be gone by then.
    #[test]
    fn ports_stay_off_if_the_answer_is_lost() {
        let (_, record) = done(Err(KernelError::Malformed(String::new())), None);
        assert_eq!(record, OFF);
    }

    #[test]
    fn the_rules_stay_if_a_port_cannot_be_switched_off() {
        let (result, record) = done(Ok(()), Some(1));
        let Ok(Err(failure)) = result else { panic!("{result:?}") };
        assert_eq!(
            failure.message(),
            "the hairpin mode of bridge port `vnet1` cannot be set: cannot set the port hairpin \
             mode: Operation not permitted (os error 1); nothing was changed"
        );
        assert_eq!(record, ["vnet0 false", "vnet0 true"]);
    }
}
