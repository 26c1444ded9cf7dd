//! The state before an apply, and how it comes back.

use std::thread;
use std::time::{Duration, Instant};

use crate::cli::failure::with_causes;
use crate::cli::reverted::{Reverted, Trouble};
use crate::host::{Host, HostError, PortChange, set_ports};
use crate::kernel::{Cut, Kernel, KernelError, Step, attempt, carry_out, cut};
use crate::plan::{Detail, Line, Snapshot, groups, plan};
use crate::ruleset::Ruleset;

/// How long a ruleset that keeps changing is tried again: nobody else brings the previous state
/// back.
const PERSISTENCE: Duration = Duration::from_secs(30);

/// The pause between two of those tries, each of which is several already.
const PAUSE: Duration = Duration::from_millis(100);

/// Our tables and the bridge ports that an apply changes, as they were.
#[derive(Debug)]
pub(super) struct Previous<'a> {
    ruleset: Ruleset,
    /// What is live instead: large sets are asked for it.
    applied: &'a Ruleset,
    /// Back to the mode that they were in.
    ports: Vec<PortChange>,
}

impl<'a> Previous<'a> {
    /// What `live` is and the `ports` that are going to change have, before `applied` is live.
    ///
    /// # Errors
    ///
    /// What of it hairnat cannot write, as nft(8) names it, and so could not bring back.
    pub(super) fn new(
        live: &Snapshot,
        applied: &'a Ruleset,
        ports: &[PortChange],
    ) -> Result<Self, Vec<String>> {
        let (ruleset, mut left_out) = live.to_ruleset();
        let dormant = live.tables.iter().filter(|table| table.dormant);
        left_out.extend(dormant.map(|table| format!("flag dormant of table `{}`", table.family)));
        if !left_out.is_empty() {
            return Err(left_out);
        }
        let back = |change: &PortChange| PortChange { on: change.port.hairpin, ..change.clone() };
        Ok(Self { ruleset, applied, ports: ports.iter().map(back).collect() })
    }

    /// Brings it back; does nothing where it is back already.
    ///
    /// # Errors
    ///
    /// What could not be brought back, and why.
    pub(super) fn restore(
        &self,
        kernel: &mut impl Kernel,
        host: &mut impl Host,
    ) -> Result<Reverted, Trouble> {
        // A port must not reflect while its guard is not there: such ports go off before the rules
        // change, and on after.
        let (on, off): (Vec<_>, Vec<_>) = self.ports.iter().cloned().partition(|port| port.on);
        let off = set_ports(host, &off);
        let (cut, differences) = self.restore_ruleset(kernel).map_err(|error| refused(&error))?;
        let on = set_ports(host, &on);
        off.and(on).map_err(|error| port_refused(&error))?;
        let not_cut = cut
            .failure
            .map(|error| Trouble { message: with_causes(&error), hint: Some(error.hint()) });
        Ok(Reverted { connections_cut: cut.connections, not_cut, differences, refused: None })
    }

    /// Whether what is live is what was applied.
    ///
    /// # Errors
    ///
    /// That it is not, or why that cannot be told.
    pub(super) fn compare(&self, kernel: &mut impl Kernel) -> Result<(), String> {
        match persistently(|| kernel.snapshot_expecting(self.applied)) {
            Ok(live) if plan(&live, self.applied).is_empty() => Ok(()),
            Ok(_) => Err("what is live is not what was applied".to_owned()),
            Err(error) => Err(format!("what is live cannot be read: {}", with_causes(&error))),
        }
    }

    /// Gives what was cut, and what differed from what was applied.
    fn restore_ruleset(&self, kernel: &mut impl Kernel) -> Result<(Cut, Vec<String>), KernelError> {
        let done = persistently(|| {
            attempt(kernel, self.applied, &self.ruleset, |kernel, live, back| {
                // Where nothing has to be brought back, nothing was applied, or is any more.
                let drift = if back.is_empty() { Vec::new() } else { drift(live, self.applied) };
                carry_out(kernel, Step::Commit, live, back)?;
                Ok((cut(&back.stale), drift))
            })
        });
        done.map(|done| done.report)
    }
}

/// Tries again for a while, as long as the ruleset keeps changing.
fn persistently<T>(mut try_once: impl FnMut() -> Result<T, KernelError>) -> Result<T, KernelError> {
    let until = Instant::now() + PERSISTENCE;
    loop {
        match try_once() {
            Err(KernelError::Stale) if Instant::now() < until => thread::sleep(PAUSE),
            result => return result,
        }
    }
}

/// The first lines of a diff between `live` and `applied`, and how many more there are.
fn drift(live: &Snapshot, applied: &Ruleset) -> Vec<String> {
    const SHOWN: usize = 5;
    let mut lines = Vec::new();
    for group in groups(&plan(live, applied).changes, Detail::Brief) {
        let object = &group.object;
        let shown = |Line { op, text }: Line| format!("{object}: {} {text}", op.sign());
        lines.extend(group.lines().map(shown));
    }
    let more = lines.len().saturating_sub(SHOWN);
    lines.truncate(SHOWN);
    lines.extend((more > 0).then(|| format!("{more} more")));
    lines
}

fn refused(error: &KernelError) -> Trouble {
    let remedy = "apply the policy that was in force before, `hairnat apply OLD`; `hairnat show` \
                  prints what is live";
    Trouble {
        message: format!("the previous state cannot be brought back: {}", with_causes(error)),
        hint: Some(error.hint().map_or(remedy.to_owned(), |hint| format!("{hint}; then {remedy}"))),
    }
}

fn port_refused(error: &HostError) -> Trouble {
    match error {
        HostError::Port { port, mode, source } => Trouble {
            message: format!(
                "the previous ruleset is back, but the hairpin mode of bridge port `{port}` cannot \
                 be set to {mode} again: {}",
                with_causes(source)
            ),
            hint: Some(format!("try `bridge link set dev {} hairpin {mode}`", port.argument())),
        },
        HostError::Links(_) | HostError::Routes(_) | HostError::Restless => {
            Trouble { message: with_causes(error), hint: error.hint() }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::LazyLock;

    use super::Previous;
    use crate::address::InterfaceName;
    use crate::cli::reverted::Reverted;
    use crate::host::{BridgePort, Facts, Host, HostError, PortChange};
    use crate::kernel::{FakeKernel, Kernel, KernelError};
    use crate::netlink;
    use crate::plan::{LiveChain, Plan, Snapshot, plan};
    use crate::ruleset::{ChainDeclaration, Ruleset, Table, TableFamily};

    /// What was done, in order.
    type Record = RefCell<Vec<String>>;

    struct RecordedKernel<'a>(FakeKernel, &'a Record);

    impl Kernel for RecordedKernel<'_> {
        fn snapshot(&mut self) -> Result<Snapshot, KernelError> {
            self.0.snapshot()
        }

        fn snapshot_expecting(&mut self, expected: &Ruleset) -> Result<Snapshot, KernelError> {
            self.0.snapshot_expecting(expected)
        }

        fn commit(&mut self, plan: &Plan<'_>) -> Result<(), KernelError> {
            self.0.commit(plan)?;
            self.1.borrow_mut().push("rules".to_owned());
            Ok(())
        }

        fn validate(&mut self, plan: &Plan<'_>) -> Result<(), KernelError> {
            self.0.validate(plan)
        }
    }

    struct RecordedHost<'a>(&'a Record);

    impl Host for RecordedHost<'_> {
        fn facts(&mut self) -> Result<Facts, HostError> {
            Ok(Facts::default())
        }

        fn set_hairpin(&mut self, port: &BridgePort, on: bool) -> Result<(), netlink::Error> {
            self.0.borrow_mut().push(format!("{} {on}", port.name));
            Ok(())
        }
    }

    /// A kernel with a table, and the state before it was there.
    fn applied(ports: &[PortChange]) -> (FakeKernel, Previous<'static>) {
        static APPLIED: LazyLock<Ruleset> = LazyLock::new(|| {
            let table = Table { family: TableFamily::Inet, sets: Vec::new(), chains: Vec::new() };
            Ruleset { tables: vec![table] }
        });
        let mut kernel = FakeKernel::new();
        let live = kernel.snapshot().unwrap();
        let previous = Previous::new(&live, &APPLIED, ports).unwrap();
        kernel.commit(&plan(&live, &APPLIED)).unwrap();
        (kernel, previous)
    }

    #[test]
    fn a_port_reflects_only_while_its_guard_is_there() {
        let port = |index, hairpin| PortChange {
            port: BridgePort {
                index,
                name: InterfaceName::new(format!("vnet{index}")),
                hairpin,
                ..BridgePort::default()
            },
            on: !hairpin,
        };
        let (kernel, previous) = applied(&[port(0, true), port(1, false)]);
        let record = Record::default();
        let mut kernel = RecordedKernel(kernel, &record);
        let reverted = previous.restore(&mut kernel, &mut RecordedHost(&record)).unwrap();
        assert_eq!(reverted, Reverted::default());
        assert_eq!(*record.borrow(), ["vnet1 false", "rules", "vnet0 true"]);
    }

    /// Somebody else who adds a chain.
    fn with_another_chain(kernel: &mut FakeKernel) {
        let declaration = ChainDeclaration { name: "mine".to_owned(), base: None };
        let chain = LiveChain { declaration: Ok(declaration), rules: Vec::new() };
        kernel.live_mut().tables[0].chains.push(chain);
    }

    #[test]
    fn what_others_changed_meanwhile_is_found_and_goes_too() {
        let (mut kernel, previous) = applied(&[]);
        let record = Record::default();
        assert_eq!(previous.compare(&mut kernel), Ok(()));
        with_another_chain(&mut kernel);
        let reason = "what is live is not what was applied".to_owned();
        assert_eq!(previous.compare(&mut kernel), Err(reason));
        let mut host = RecordedHost(&record);
        let reverted = previous.restore(&mut kernel, &mut host).unwrap();
        assert_eq!(reverted.differences, ["chain inet hairnat mine: - no hook"]);
        assert!(kernel.snapshot().unwrap().tables.is_empty());
        // The tables are gone, so there is nothing left to compare.
        let again = previous.restore(&mut kernel, &mut host).unwrap();
        assert_eq!(again, Reverted::default());
    }

    #[test]
    fn a_ruleset_that_does_not_rest_is_not_given_up_as_soon_as_by_an_apply() {
        let (mut kernel, previous) = applied(&[]);
        kernel.interrupt(25);
        let record = Record::default();
        previous.restore(&mut kernel, &mut RecordedHost(&record)).unwrap();
        assert!(kernel.snapshot().unwrap().tables.is_empty());
    }

    #[test]
    fn what_the_kernel_refuses_is_told_with_what_to_do() {
        let (mut kernel, previous) = applied(&[]);
        kernel.fail_at(0);
        let record = Record::default();
        let trouble = previous.restore(&mut kernel, &mut RecordedHost(&record)).unwrap_err();
        let expected = "the previous state cannot be brought back: the kernel refused to delete \
                        table `inet hairnat`: Invalid argument (os error 22)";
        assert_eq!(trouble.message, expected);
        assert!(trouble.hint.unwrap().contains("`hairnat apply OLD`"));
    }
}
