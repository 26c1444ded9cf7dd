//! `hairnat apply --confirm`: changes that go away again unless somebody says that they are good.
//!
//! ```text
//!  hairnat                              guardian
//!     │ reads, plans ── fork ──────────────┐ holds the previous state
//!     │                 ◄── ready ─────────┤
//!     │ commits the plan, sets the ports   │
//!     ├──────────────── applied ──────────►│ the time runs
//!     │ writes the diff, asks              │
//!     ├──────────────── confirm ──────────►│ in time?
//!     │                 ◄── kept ──────────┘
//! ```
//!
//! The guardian alone decides, and does the reverting: when the time is over, when it is asked to,
//! and when its line to hairnat ends, as it does however hairnat ends. If the guardian should end
//! without having decided, hairnat reverts.

mod guardian;
mod journal;
mod keyboard;
mod link;
mod message;
mod previous;
mod prompt;
mod signals;
mod watch;

use std::time::{Duration, Instant};

use super::apply::Wanted;
use super::args::PolicyFiles;
use super::exit::Exit;
use super::failure::{Failure, with_causes};
use super::output::Output;
use super::ports::commit_after;
use super::progress::Progress;
use super::report::{Confirmation, Outcome, Report};
use super::reverted::{Reverted, Trouble};
use crate::host::{HostError, LiveHost, PortChange, PortPlan, set_ports};
use crate::kernel::{Kernel, KernelError, NfTables, Step, attempt, carry_out, cut};
use crate::plan::{Plan, Snapshot};
use crate::ruleset::Ruleset;
use guardian::{Decision, Guardian};
use message::Word;
use previous::Previous;
use prompt::{Event, Prompt};
use signals::Signals;

/// As [`super::apply::apply`], but the changes stay only if they are confirmed within `seconds`, and
/// are still the same then.
///
/// # Errors
///
/// Whatever keeps it from being done; nothing was changed then, or the previous state is back, or
/// the message says that it is not.
pub(super) fn apply(
    files: &PolicyFiles,
    seconds: u32,
    wait: u32,
    out: &mut Output,
) -> Result<Exit, Failure> {
    // The guardian holds the lock too, so it is taken until the trial has ended.
    let (mut turn, wanted) = Wanted::load_in_turn(files, wait, out)?;
    let Wanted { ruleset, mut host, ports, mut warnings, in_sync } = wanted;
    let time = Duration::from_secs(seconds.into());
    let mut kernel = out.progress().watch(NfTables::open()?);
    let done = attempt(&mut kernel, &ruleset, &ruleset, |kernel, live, plan| {
        let ports = ports.plan(live);
        let mut report = || Report::new(plan, &ports, std::mem::take(&mut warnings), out);
        if plan.is_empty() && ports.changes.is_empty() {
            return Ok(Ok((report(), None)));
        }
        let progress = out.progress();
        let guarded = match Guarded::new(live, &ruleset, plan, &ports.changes, time, progress) {
            Ok(guarded) => guarded,
            Err(failure) => return Ok(Err(failure)),
        };
        let changed = guarded.change(kernel, &mut host, live, plan, &ports)?;
        Ok(changed.map(|pending| (report().with_cut(cut(&plan.stale)), Some(pending))))
    })?;
    out.trace_retries(done.retries);
    match done.report? {
        (report, None) => {
            drop(turn);
            report.write(Outcome::Applied, &in_sync, out)?;
            Ok(Exit::Success)
        }
        (report, Some(pending)) => {
            turn.begin_trial(pending.deadline.saturating_duration_since(Instant::now()));
            pending.settle(report, seconds, &mut kernel, &mut host, out)
        }
    }
}

/// Changes that are about to be made, with all that brings the previous state back.
struct Guarded<'a> {
    previous: Previous<'a>,
    signals: Signals,
    guardian: Guardian,
    time: Duration,
    progress: Progress,
}

/// Changes that wait for their confirmation.
struct Pending<'a> {
    guarded: Guarded<'a>,
    deadline: Instant,
}

/// How it ended.
enum End {
    Kept,
    Reverted(Reverted),
    /// The guardian had ended, so that hairnat itself brought the previous state back.
    RevertedAlone(Reverted),
}

impl<'a> Guarded<'a> {
    fn new(
        live: &Snapshot,
        desired: &'a Ruleset,
        plan: &Plan<'_>,
        ports: &[PortChange],
        time: Duration,
        progress: Progress,
    ) -> Result<Self, Failure> {
        let previous = Previous::new(live, desired, ports)
            .map_err(|left_out| Failure::Irreversible { left_out })?;
        let signals = Signals::hold().map_err(Failure::NoGuardian)?;
        let generation = (!plan.is_empty()).then_some(plan.generation);
        match Guardian::start(&previous, time, generation) {
            Ok(guardian) => Ok(Self { previous, signals, guardian, time, progress }),
            Err(error) => {
                signals.release();
                Err(Failure::NoGuardian(error))
            }
        }
    }

    /// Makes the changes. The outer error is one of an attempt after which nothing is changed, the
    /// inner one is final.
    fn change(
        self,
        kernel: &mut impl Kernel,
        host: &mut LiveHost,
        live: &Snapshot,
        plan: &Plan<'_>,
        ports: &PortPlan,
    ) -> Result<Result<Pending<'a>, Failure>, KernelError> {
        let (off, on) = ports.off_and_on();
        match commit_after(host, &off, || carry_out(kernel, Step::Commit, live, plan)) {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => {
                self.guardian.discard();
                self.signals.release();
                return Ok(Err(failure));
            }
            // The answer was lost or makes no sense; who knows what was done.
            Err(error @ (KernelError::Netlink { .. } | KernelError::Malformed(_))) => {
                return match self.end(Some(Word::Revert), kernel, host) {
                    Ok(_) => Err(error),
                    Err(failure) => Ok(Err(failure)),
                };
            }
            Err(error) => {
                self.guardian.discard();
                self.signals.release();
                return Err(error);
            }
        }
        if let Err(error) = set_ports(host, &on) {
            let undone = self.end(Some(Word::Revert), kernel, host);
            return Ok(Err(undone.map_or_else(|failure| failure, |_| port_failure(&error))));
        }
        self.guardian.applied();
        let deadline = Instant::now() + self.time;
        Ok(Ok(Pending { guarded: self, deadline }))
    }

    /// Tells the guardian `word`, if any, and sees to it that the changes are either kept or
    /// reverted.
    fn end(
        self,
        word: Option<Word>,
        kernel: &mut impl Kernel,
        host: &mut LiveHost,
    ) -> Result<End, Failure> {
        let phase = self.progress.phase(|| "bringing the previous state back".to_owned());
        let decision = self.guardian.decide(word);
        drop(phase);
        match decision {
            Decision::Kept => Ok(End::Kept),
            Decision::Reverted(reverted) => Ok(End::Reverted(reverted)),
            Decision::Failed(trouble) => Err(Failure::NotReverted { trouble }),
            Decision::Gone => match self.previous.restore(kernel, host) {
                Ok(reverted) => {
                    journal::tell_of_others(&reverted);
                    Ok(End::RevertedAlone(reverted))
                }
                Err(trouble) => Err(Failure::NotReverted { trouble }),
            },
        }
    }
}

impl Pending<'_> {
    /// Tells of the changes, asks for their confirmation, and tells what became of them.
    fn settle(
        self,
        report: Report,
        seconds: u32,
        kernel: &mut impl Kernel,
        host: &mut LiveHost,
        out: &mut Output,
    ) -> Result<Exit, Failure> {
        let Self { guarded, deadline } = self;
        // Nobody confirms what cannot be seen. JSON is one object, which tells of the end too.
        if !out.is_json()
            && let Err(failure) = report.write(Outcome::Applied, "", out)
        {
            let undone = guarded.end(Some(Word::Revert), kernel, host);
            return Err(undone.map_or_else(|failure| failure, |_| output_failure(failure)));
        }
        out.trace(&format!("guarded by process {}", guarded.guardian.process()));
        let Guarded { guardian, signals, .. } = &guarded;
        let event = Prompt { guardian: guardian.link(), signals, deadline }.ask(out);
        let word = match event {
            Event::Confirmed => Some(Word::Confirm),
            Event::Signal(_) | Event::Closed => Some(Word::Revert),
            Event::Overdue | Event::Guardian => None,
        };
        let (reverted, reason) = match guarded.end(word, kernel, host)? {
            End::Kept => {
                report.write_confirmation(Confirmation::Confirmed, out)?;
                return Ok(Exit::Success);
            }
            End::Reverted(mut reverted) => {
                let refused = reverted.refused.take();
                (reverted, refused.unwrap_or_else(|| reason(event, seconds)))
            }
            End::RevertedAlone(reverted) => {
                (reverted, "the process that guarded the changes ended".to_owned())
            }
        };
        let not_confirmed = Confirmation::NotConfirmed { reason };
        // Whatever becomes of the words, the exit code must tell.
        if let Err(failure) = report.reverted(reverted).write_confirmation(not_confirmed, out) {
            out.error(&failure.message(), None, None);
        }
        Ok(Exit::NotConfirmed)
    }
}

/// Why the changes were not kept.
fn reason(event: Event, seconds: u32) -> String {
    match event {
        Event::Confirmed => format!("the confirmation came after {seconds} s"),
        Event::Signal(signal) => signal.as_str().to_owned(),
        Event::Closed => "the terminal was closed".to_owned(),
        Event::Overdue | Event::Guardian => format!("no answer in {seconds} s"),
    }
}

fn port_failure(error: &HostError) -> Failure {
    let message = match error {
        HostError::Port { port, source, .. } => {
            let cause = with_causes(source);
            format!("the hairpin mode of bridge port `{port}` cannot be set: {cause}")
        }
        HostError::Links(_) | HostError::Routes(_) | HostError::Restless => with_causes(error),
    };
    let hint = "see with `bridge -d link show` what it refuses, then apply again".to_owned();
    Failure::Undone { kind: "host", trouble: Trouble { message, hint: Some(hint) } }
}

fn output_failure(failure: Failure) -> Failure {
    match failure {
        Failure::Untold(error) | Failure::Output(error) => {
            let message = with_causes(&Failure::Output(error));
            Failure::Undone { kind: "output", trouble: Trouble { message, hint: None } }
        }
        failure => failure,
    }
}
