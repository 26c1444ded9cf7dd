//! The guardian: a process of its own that brings the previous state back unless it is told, in
//! time, to keep the changes. It is there before the changes are made, and outlives hairnat.

use std::fs::File;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::process;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, dup2_stderr, dup2_stdin, dup2_stdout, setsid};

use super::journal;
use super::link::{Heard, Link};
use super::message::{Answer, Word};
use super::previous::Previous;
use super::watch::{End, watch};
use crate::cli::failure::with_causes;
use crate::cli::reverted::{Reverted, Trouble};
use crate::host::LiveHost;
use crate::kernel::NfTables;
use crate::netlink::ffi;

/// How long the guardian may take to answer before it counts as hanging: it has nothing else to do.
const PATIENCE: Duration = Duration::from_secs(3);

/// The guardian, as hairnat sees it. If the value is dropped, the previous state comes back.
#[derive(Debug)]
pub(super) struct Guardian {
    link: Link,
    process: Pid,
}

/// What the guardian made of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// The changes stay.
    Kept,
    /// The previous state is back.
    Reverted(Reverted),
    /// It is not, and why.
    Failed(Trouble),
    /// The guardian ended without an answer: nobody has decided.
    Gone,
}

impl Guardian {
    /// Starts a guardian that brings `previous` back `time` after the changes were made.
    ///
    /// `generation` is the one that the changes are planned for, if they move it: when it moves and
    /// hairnat does not say why, the time runs all the same.
    ///
    /// # Errors
    ///
    /// Why there is none; nobody may make the changes then.
    pub(super) fn start(
        previous: &Previous<'_>,
        time: Duration,
        generation: Option<u32>,
    ) -> io::Result<Self> {
        let (link, theirs) = Link::pair()?;
        // Before there is a guardian, so that no signal ends it before it has blocked them itself.
        let mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
        let process = match ffi::fork() {
            Ok(ForkResult::Child) => {
                // Or else hairnat's end would stay open when hairnat is gone.
                drop(link);
                guard(&theirs, previous, time, generation)
            }
            Ok(ForkResult::Parent { child }) => Ok(child),
            Err(error) => Err(error),
        };
        mask.thread_set_mask()?;
        drop(theirs);
        let this = Self { link, process: process? };
        match this.answer(None) {
            Some(Answer::Ready) => Ok(this),
            Some(Answer::Failed(Trouble { message, .. })) => {
                this.bury();
                Err(io::Error::other(message))
            }
            _ => {
                this.bury();
                Err(io::Error::other("it ended at once"))
            }
        }
    }

    /// The number of its process.
    pub(super) fn process(&self) -> Pid {
        self.process
    }

    /// What becomes ready when the guardian says something by itself, or is gone.
    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    /// Tells it that the changes are made.
    pub(super) fn applied(&self) {
        self.link.say(Word::Applied.encode());
    }

    /// Lets it go: nothing was changed.
    pub(super) fn discard(self) {
        self.link.say(Word::Discard.encode());
        self.bury();
    }

    /// What it decides, after it was told `word`, if anything. When this returns, it is gone.
    pub(super) fn decide(self, word: Option<Word>) -> Decision {
        if let Some(word) = word {
            self.link.say(word.encode());
        }
        let mut patience = Some(Instant::now() + PATIENCE);
        let decision = loop {
            match self.answer(patience) {
                // Either takes as long as it takes.
                Some(Answer::Comparing | Answer::Reverting) => patience = None,
                Some(Answer::Kept) => break Decision::Kept,
                Some(Answer::Reverted(reverted)) => break Decision::Reverted(reverted),
                Some(Answer::Failed(trouble)) => break Decision::Failed(trouble),
                Some(Answer::Ready) => {}
                None => {
                    // It hangs or was stopped, and must not go on later.
                    let _ = kill(self.process, Signal::SIGKILL);
                    break Decision::Gone;
                }
            }
        };
        self.bury();
        decision
    }

    /// The next answer; `None` if the guardian is gone or says nothing until then.
    fn answer(&self, until: Option<Instant>) -> Option<Answer> {
        match self.link.hear(until) {
            Heard::Message(message) => Answer::decode(&message),
            Heard::Gone | Heard::Silence => None,
        }
    }

    /// Waits for its end.
    fn bury(self) {
        drop(self.link);
        while waitpid(self.process, None) == Err(Errno::EINTR) {}
    }
}

/// The life of the guardian.
fn guard(link: &Link, previous: &Previous<'_>, time: Duration, generation: Option<u32>) -> ! {
    // A panic must not unwind to what hairnat was about to do when it was forked.
    let life = AssertUnwindSafe(|| live(link, previous, time, generation));
    process::exit(match panic::catch_unwind(life) {
        Ok(Ok(())) => 0,
        Ok(Err(error)) => {
            let message = with_causes(&*error);
            link.say(&Answer::Failed(Trouble { message, hint: None }).encode());
            1
        }
        Err(_) => 1,
    })
}

fn live(
    link: &Link,
    previous: &Previous<'_>,
    time: Duration,
    generation: Option<u32>,
) -> Result<(), Box<dyn std::error::Error>> {
    detach()?;
    // Open already: nothing should be left that can fail.
    let mut kernel = NfTables::open()?;
    let mut looking = NfTables::open()?;
    let mut comparing = NfTables::open()?;
    let mut host = LiveHost::open()?;
    link.say(&Answer::Ready.encode());
    let made = || match generation {
        None => true,
        Some(generation) => looking.generation().ok() != Some(generation),
    };
    let compare = || previous.compare(&mut comparing);
    let end = watch(link, time, made, compare, || match previous.restore(&mut kernel, &mut host) {
        Ok(reverted) => Answer::Reverted(reverted),
        Err(trouble) => Answer::Failed(trouble),
    });
    if let End::Reverted { answer, heard } = end {
        tell(&answer, heard);
    }
    Ok(())
}

/// Logs the end of a trial whose hairnat is gone, and in any case the changes of others that went too.
fn tell(answer: &Answer, heard: bool) {
    let reverted = match answer {
        Answer::Failed(trouble) if !heard => return journal::tell(&trouble.message),
        Answer::Reverted(reverted) => reverted,
        _ => return,
    };
    if !heard {
        journal::tell("`apply --confirm` ended unconfirmed: the previous state is back");
    }
    journal::tell_of_others(reverted);
}

/// Leaves the terminal and the session, so that neither their end nor the name of the program,
/// `killall hairnat`, reaches the guardian; and lets go of the streams, so that who reads them is
/// not kept waiting. Other files stay open: a lock that was taken for hairnat holds until the end.
fn detach() -> io::Result<()> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    dup2_stderr(&null)?;
    setsid()?;
    Ok(prctl::set_name(c"apply-guardian")?)
}
