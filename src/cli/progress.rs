//! One line on the terminal while work takes long: what is going on, and for how long.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::kernel::{Kernel, KernelError};
use crate::plan::{Action, Plan, Snapshot};
use crate::ruleset::Ruleset;

/// Work that takes no longer is not spoken of.
const SHORT: Duration = Duration::from_millis(500);

/// A part of the work that takes no longer is not spoken of.
const BRIEF: Duration = Duration::from_millis(100);

/// How often the line is drawn anew.
const TICK: Duration = Duration::from_secs(1);

/// To the start of the line, then erase it: CR, and EL of ECMA-48 §8.3.41.
const ERASE: &str = "\r\x1b[K";

/// Without DECAWM the terminal cuts a line that is too long, and one line it stays.
const NO_WRAP: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";

/// Whether there is somebody to tell, and since when they wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    started: Option<Instant>,
}

impl Progress {
    /// From now on, if it is `wanted` and standard error is a terminal that can erase a line.
    pub(super) fn new(wanted: bool) -> Self {
        let able =
            || std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
        let shown = wanted && io::stderr().is_terminal() && able();
        Self { started: shown.then(Instant::now) }
    }

    /// Says that `text` is going on until the value is dropped. Nothing else may be written
    /// meanwhile; when it is dropped, the line is gone and no thread is left.
    #[must_use]
    pub(super) fn phase(self, text: impl FnOnce() -> String) -> Phase {
        let Some(started) = self.started else { return Phase { ticker: None } };
        let (stop, stopped) = mpsc::channel();
        let text = text();
        let draw = move || {
            // Also when all of it takes long: a part that is over at once would only flicker.
            let mut wait = SHORT.saturating_sub(started.elapsed()).max(BRIEF);
            let mut drawn = false;
            let phase = Instant::now();
            while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                let time = match phase.elapsed().as_secs() {
                    0 => String::new(),
                    seconds => format!(" ({seconds} s)"),
                };
                write(&format!("{ERASE}{NO_WRAP}{text}{time}{WRAP}"));
                drawn = true;
                wait = TICK;
            }
            if drawn {
                write(ERASE);
            }
        };
        // Work that nobody sees is as good.
        let thread = thread::Builder::new().spawn(draw).ok();
        Phase { ticker: thread.map(|thread| (stop, thread)) }
    }

    /// `kernel`, with its work shown.
    pub(super) fn watch<K>(self, kernel: K) -> Watched<K> {
        Watched { kernel, progress: self }
    }
}

/// Something that is going on.
#[derive(Debug)]
pub(super) struct Phase {
    ticker: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Drop for Phase {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.ticker.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}

/// There is nobody to tell that standard error cannot be written.
fn write(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

/// A kernel whose work is shown.
pub(super) struct Watched<K> {
    kernel: K,
    progress: Progress,
}

fn reading() -> String {
    "reading the ruleset".to_owned()
}

impl<K: Kernel> Kernel for Watched<K> {
    fn snapshot(&mut self) -> Result<Snapshot, KernelError> {
        let _phase = self.progress.phase(reading);
        self.kernel.snapshot()
    }

    fn snapshot_expecting(&mut self, expected: &Ruleset) -> Result<Snapshot, KernelError> {
        let _phase = self.progress.phase(reading);
        self.kernel.snapshot_expecting(expected)
    }

    fn commit(&mut self, plan: &Plan<'_>) -> Result<(), KernelError> {
        let _phase = self.progress.phase(|| format!("sending {} to the kernel", amount(plan)));
        self.kernel.commit(plan)
    }

    fn validate(&mut self, plan: &Plan<'_>) -> Result<(), KernelError> {
        let _phase = self.progress.phase(|| format!("having the kernel check {}", amount(plan)));
        self.kernel.validate(plan)
    }
}

/// How much there is in a plan: its elements, if it has any.
fn amount(plan: &Plan<'_>) -> String {
    let elements = plan.ops.iter().map(|op| match &op.action {
        Action::AddElements { elements, .. } | Action::DeleteElements { elements, .. } => {
            elements.len()
        }
        _ => 0,
    });
    let (count, noun) = match elements.sum() {
        0 => (plan.ops.len(), "operation"),
        elements => (elements, "element"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::amount;
    use crate::compile::compile;
    use crate::kernel::{FakeKernel, Kernel as _};
    use crate::plan::{Plan, plan};
    use crate::policy::{Source, parse};

    #[test]
    fn the_amount_of_a_plan_is_that_of_its_elements() {
        let text = "fixed: [10.0.0.0/24]\nfloats: {203.0.113.1: 10.0.0.1, 203.0.113.2: 10.0.0.2}";
        let source = Source { name: "policy.yaml".to_owned(), text: text.into() };
        let ruleset = compile(&parse(&[source]).unwrap());
        let live = FakeKernel::new().snapshot().unwrap();
        assert_eq!(amount(&plan(&live, &ruleset)), "5 elements");
        assert_eq!(amount(&Plan::default()), "0 operations");
    }
}
