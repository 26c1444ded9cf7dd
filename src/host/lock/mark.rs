//! How a process that changes the host shows itself: the name of a socket, which says it all.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher as _, Hasher as _};
use std::process;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How every name begins.
const PREFIX: &str = "hairnat/";

/// A claim to the lock, or the trial of the process that has it.
///
/// As a name: `hairnat/TICKET/PROCESS/PROCESS-NAMESPACE`, and for a trial `/END` behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// Random, so that other users cannot take the name first. The smallest ticket goes first.
    pub(super) ticket: u64,
    /// The process id within the process namespace.
    pub(super) process: u32,
    /// The process namespace, by the inode number of its file; 0 if it is not known.
    pub(super) process_namespace: u64,
    /// When the trial ends, in seconds since the epoch; `None` for a claim.
    pub(super) ends: Option<u64>,
}

impl Mark {
    /// A new claim of this process.
    pub(super) fn new() -> Self {
        Self {
            // Keyed by the kernel's random numbers.
            ticket: RandomState::new().build_hasher().finish(),
            process: process::id(),
            process_namespace: process_namespace(),
            ends: None,
        }
    }

    /// The trial of the same process, which ends in `time`.
    pub(super) fn trial(self, time: Duration) -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { ends: Some((since_epoch + time).as_secs()), ..self }
    }

    /// How long the trial goes on; `None` for a claim.
    pub(super) fn time_left(self) -> Option<Duration> {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.ends.map(|ends| Duration::from_secs(ends).saturating_sub(since_epoch))
    }

    /// Whether its process id means the same here.
    pub(super) fn is_of_our_processes(self) -> bool {
        self.process_namespace == process_namespace()
    }

    /// The name of its socket.
    pub(super) fn encode(self) -> String {
        let Self { ticket, process, process_namespace, ends } = self;
        let end = ends.map(|ends| format!("/{ends}")).unwrap_or_default();
        format!("{PREFIX}{ticket:016x}/{process}/{process_namespace}{end}")
    }

    /// Reads a socket's name; `None` if it is not a mark.
    pub(super) fn decode(name: &[u8]) -> Option<Self> {
        let name = str::from_utf8(name).ok()?.strip_prefix(PREFIX)?;
        let mut parts = name.split('/');
        let mut next = || parts.next();
        let ticket = u64::from_str_radix(next()?, 16).ok()?;
        let process = next()?.parse().ok()?;
        let process_namespace = next()?.parse().ok()?;
        let ends = next().map(str::parse).transpose().ok()?;
        Some(Self { ticket, process, process_namespace, ends })
    }
}

/// The inode number of our process namespace, 0 if /proc does not tell.
fn process_namespace() -> u64 {
    let link = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    // pid:[4026531836]
    let digits = link.to_str().and_then(|link| link.strip_prefix("pid:[")?.strip_suffix(']'));
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Mark;

    #[test]
    fn a_name_says_all_of_a_mark() {
        let claim =
            Mark { ticket: 0xabc, process: 4711, process_namespace: 4_026_531_836, ends: None };
        assert_eq!(claim.encode(), "hairnat/0000000000000abc/4711/4026531836");
        let trial = Mark { ends: Some(1_700_000_000), ..claim };
        assert_eq!(trial.encode(), "hairnat/0000000000000abc/4711/4026531836/1700000000");
        for mark in [claim, trial, Mark::new(), Mark::new().trial(Duration::from_secs(30))] {
            assert_eq!(Mark::decode(mark.encode().as_bytes()), Some(mark));
            // The longest name that the kernel takes has 107 bytes.
            assert!(mark.encode().len() < 107);
        }
    }

    #[test]
    fn other_names_are_no_marks() {
        for name in ["", "hairnat", "hairnat/", "hairnat/1/2", "hairnat/x/2/3", "hairnat/1/2/3/x"] {
            assert_eq!(Mark::decode(name.as_bytes()), None, "{name}");
        }
        assert_eq!(Mark::decode(b"hairnat/1/2/3/\xff"), None);
    }

    #[test]
    fn a_trial_tells_how_long_it_goes_on() {
        assert_eq!(Mark::new().time_left(), None);
        let left = Mark::new().trial(Duration::from_secs(30)).time_left().unwrap();
        assert!((28..=30).contains(&left.as_secs()), "{left:?}");
        let over = Mark { ends: Some(1), ..Mark::new() };
        assert_eq!(over.time_left(), Some(Duration::ZERO));
    }
}
