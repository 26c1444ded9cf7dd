//! One apply or remove at a time: the lock of the network namespace, as the commands take it.

use std::time::Duration;

use super::failure::{Failure, with_causes};
use super::output::Output;
use crate::host::{ChangeLock, Holder, LockError, Warning};

/// The right to change the host, until it is dropped.
pub(super) struct Turn {
    /// `None` where the kernel gives no lock.
    lock: Option<ChangeLock>,
    /// A warning if there is no lock.
    pub(super) warnings: Vec<Warning>,
}

impl Turn {
    /// Waits for it, at most `wait` seconds for a trial.
    ///
    /// Without a lock the command goes on, with a warning: at boot, rules matter more than order.
    ///
    /// # Errors
    ///
    /// [`Failure::Busy`] if somebody else still changes the host then.
    pub(super) fn take(wait: u32, out: &mut Output) -> Result<Self, Failure> {
        let progress = out.progress();
        let waiting = |holder| {
            out.trace(&format!("waiting for {}", name(holder)));
            progress.phase(|| format!("waiting for {}", name(holder)))
        };
        match ChangeLock::take(Duration::from_secs(wait.into()), waiting) {
            Ok(lock) => Ok(Self { lock: Some(lock), warnings: Vec::new() }),
            Err(LockError::Held(holder)) => Err(Failure::Busy(holder)),
            Err(error @ LockError::Unavailable(_)) => {
                Ok(Self { lock: None, warnings: vec![no_lock(&error)] })
            }
        }
    }

    /// Tells others that the changes are on trial for `time` from now on.
    pub(super) fn begin_trial(&mut self, time: Duration) {
        if let Some(lock) = &mut self.lock {
            lock.begin_trial(time);
        }
    }
}

/// Who is waited for.
fn name(holder: Holder) -> String {
    let process = process(holder);
    match holder.trial {
        Some(left) => format!("the trial of {process}, another {} s", seconds(left)),
        None => format!("{process}, which applies or removes a policy"),
    }
}

/// Why nothing was done.
pub(super) fn busy(holder: Holder) -> String {
    let process = process(holder);
    match holder.trial {
        Some(left) => format!(
            "the changes of {process} are on trial for another {} s (`apply --confirm`)",
            seconds(left)
        ),
        None => format!("{process} still applies or removes a policy"),
    }
}

fn process(holder: Holder) -> String {
    match holder.process {
        Some(process) => format!("process {process}"),
        None => "a process of another process namespace".to_owned(),
    }
}

/// The remedies.
pub(super) fn hint(holder: Holder) -> String {
    match holder {
        Holder { process: Some(process), trial: Some(left) } => format!(
            "`--wait {}` waits for its end, `kill -USR1 {process}` keeps its changes, `kill \
             {process}` brings the previous state back",
            seconds(left)
        ),
        Holder { process: None, trial: Some(left) } => {
            format!("`--wait {}` waits for its end", seconds(left))
        }
        Holder { trial: None, .. } => "`ss -xlp | grep @hairnat/` shows the processes; `--wait \
                                       SECONDS` waits longer than a minute"
            .to_owned(),
    }
}

/// Whole seconds, rounded up: a wait of that length is long enough.
pub(super) fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

fn no_lock(error: &LockError) -> Warning {
    Warning {
        code: "no-lock",
        message: format!(
            "whether another hairnat changes this host cannot be seen: {}",
            with_causes(error)
        ),
        hint: "allow hairnat sockets of the families AF_UNIX and AF_NETLINK, on a kernel with \
               CONFIG_UNIX_DIAG; until then run one apply or remove at a time"
            .to_owned(),
    }
}
