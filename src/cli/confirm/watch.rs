//! What the guardian waits for: the one place where it is decided what becomes of the changes.

use std::time::{Duration, Instant};

use super::link::{Heard, Link};
use super::message::{Answer, Word};

/// How often the guardian looks whether the changes are made, as long as nobody tells it.
const LOOK: Duration = Duration::from_secs(1);

/// How it ended for the guardian.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// There was nothing to guard.
    Discarded,
    /// The changes were confirmed.
    Kept,
    /// The previous state is back, or it failed; the answer has been given.
    Reverted {
        /// What came of it.
        answer: Answer,
        /// Whether hairnat was there to be told.
        heard: bool,
    },
}

/// Waits on `link` until the changes are confirmed or `time` after they were made is over, and
/// reverts them by `revert` unless they were confirmed. Before they are kept, `compare` says whether
/// they are still what was applied, or why they cannot be kept; that may take longer than `time`.
///
/// hairnat may be stopped between making the changes and saying so. So `made` is asked now and
/// then as long as it has said nothing: the time runs from then on too.
pub(super) fn watch(
    link: &Link,
    time: Duration,
    mut made: impl FnMut() -> bool,
    compare: impl FnOnce() -> Result<(), String>,
    mut revert: impl FnMut() -> Answer,
) -> End {
    let mut deadline: Option<Instant> = None;
    let mut told = false;
    let mut refused = None;
    let overdue = loop {
        match link.hear(Some(deadline.unwrap_or_else(|| Instant::now() + LOOK))) {
            Heard::Message(message) => match Word::decode(&message) {
                Some(Word::Applied) => {
                    told = true;
                    deadline.get_or_insert_with(|| Instant::now() + time);
                }
                Some(Word::Confirm) => {
                    link.say(&Answer::Comparing.encode());
                    match compare() {
                        Ok(()) => {
                            link.say(&Answer::Kept.encode());
                            return End::Kept;
                        }
                        Err(reason) => refused = Some(reason),
                    }
                    break false;
                }
                Some(Word::Discard) => return End::Discarded,
                Some(Word::Revert) => break false,
                None => {}
            },
            Heard::Gone => break false,
            Heard::Silence if deadline.is_some() => break true,
            Heard::Silence if made() => deadline = Some(Instant::now() + time),
            Heard::Silence => {}
        }
    };
    link.say(&Answer::Reverting.encode());
    let mut answer = revert();
    if overdue && !told {
        // hairnat was stopped half way and goes on some time: once more when it has said that it
        // changes nothing any more, or has gone.
        link.hear(None);
        let first = std::mem::replace(&mut answer, revert());
        if let (Answer::Reverted(first), Answer::Reverted(second)) = (first, &mut answer) {
            second.connections_cut += first.connections_cut;
            second.differences.extend(first.differences);
        }
    }
    if let Answer::Reverted(reverted) = &mut answer {
        reverted.refused = refused;
    }
    let heard = link.say(&answer.encode());
    End::Reverted { answer, heard }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::{End, watch};
    use crate::cli::confirm::link::{Heard, Link};
    use crate::cli::confirm::message::{Answer, Word};
    use crate::cli::reverted::Reverted;

    const LONG: Duration = Duration::from_secs(3600);

    fn reverted() -> Answer {
        Answer::Reverted(Reverted::default())
    }

    /// Watches over changes that nobody sees being made, while `hairnat` talks.
    fn watched(time: Duration, hairnat: impl FnOnce(Link)) -> (End, usize) {
        let (here, there) = Link::pair().unwrap();
        let mut reverts = 0;
        let end = thread::scope(|scope| {
            let guardian = scope.spawn(|| {
                let revert = || {
                    reverts += 1;
                    reverted()
                };
                watch(&there, time, || false, || Ok(()), revert)
            });
            hairnat(here);
            guardian.join().unwrap()
        });
        (end, reverts)
    }

    fn say(link: &Link, words: &[Word]) {
        for word in words {
            link.say(word.encode());
        }
    }

    fn answers(link: &Link, expected: &[Answer]) {
        for answer in expected {
            assert_eq!(link.hear(None), Heard::Message(answer.encode()));
        }
    }

    #[test]
    fn what_is_confirmed_in_time_is_kept() {
        let done = watched(LONG, |link| {
            say(&link, &[Word::Applied, Word::Confirm]);
            answers(&link, &[Answer::Comparing, Answer::Kept]);
        });
        assert_eq!(done, (End::Kept, 0));
    }

    /// A confirmation in time does not help where somebody changed what was applied.
    #[test]
    fn what_is_not_what_was_applied_is_reverted_in_spite_of_a_confirmation() {
        let (here, there) = Link::pair().unwrap();
        say(&here, &[Word::Applied, Word::Confirm]);
        let refuse = || Err("not the same".to_owned());
        let end = watch(&there, LONG, || false, refuse, reverted);
        let refused = Some("not the same".to_owned());
        let answer = Answer::Reverted(Reverted { refused, ..Reverted::default() });
        answers(&here, &[Answer::Comparing, Answer::Reverting, answer.clone()]);
        assert_eq!(end, End::Reverted { answer, heard: true });
    }

    #[test]
    fn what_was_not_done_is_not_reverted() {
        let done = watched(LONG, |link| say(&link, &[Word::Discard]));
        assert_eq!(done, (End::Discarded, 0));
    }

    #[test]
    fn without_an_answer_in_time_the_changes_are_reverted() {
        let done = watched(Duration::ZERO, |link| {
            say(&link, &[Word::Applied]);
            answers(&link, &[Answer::Reverting, reverted()]);
        });
        assert_eq!(done, (End::Reverted { answer: reverted(), heard: true }, 1));
    }

    #[test]
    fn a_confirmation_that_comes_too_late_is_not_answered_with_kept() {
        let done = watched(Duration::ZERO, |link| {
            say(&link, &[Word::Applied]);
            answers(&link, &[Answer::Reverting]);
            say(&link, &[Word::Confirm]);
            answers(&link, &[reverted()]);
        });
        assert_eq!(done.1, 1);
    }

    #[test]
    fn on_request_the_changes_are_reverted_also_before_they_are_said_to_be_made() {
        for words in [&[Word::Applied, Word::Revert][..], &[Word::Revert]] {
            let done = watched(LONG, |link| {
                say(&link, words);
                answers(&link, &[Answer::Reverting, reverted()]);
            });
            assert_eq!(done.1, 1);
        }
    }

    #[test]
    fn the_changes_of_one_that_is_gone_are_reverted_and_nobody_is_there_to_hear_it() {
        for words in [&[Word::Applied][..], &[]] {
            let done = watched(LONG, |link| say(&link, words));
            assert_eq!(done, (End::Reverted { answer: reverted(), heard: false }, 1));
        }
    }

    /// The guardian looks for itself, reverts, and again when the other one has come to rest.
    #[test]
    fn one_that_is_stopped_half_way_does_not_stop_the_time() {
        let (here, there) = Link::pair().unwrap();
        let (made, is_made) = mpsc::channel();
        let (reverting, reverts) = mpsc::channel();
        thread::scope(|scope| {
            let guardian = scope.spawn(move || {
                let revert = || {
                    reverting.send(()).unwrap();
                    reverted()
                };
                let made = move || is_made.try_recv().is_ok();
                watch(&there, Duration::ZERO, made, || Ok(()), revert)
            });
            made.send(()).unwrap();
            reverts.recv().unwrap();
            assert!(reverts.try_recv().is_err(), "the second time is not yet");
            say(&here, &[Word::Applied]);
            reverts.recv().unwrap();
            answers(&here, &[Answer::Reverting, reverted()]);
            guardian.join().unwrap();
        });
    }
}
