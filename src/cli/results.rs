//! Standard output as the place for results.

use std::io::{self, BufWriter, ErrorKind, Stdout, Write};

use anstream::{AutoStream, ColorChoice};

/// Standard output, written in large pieces.
///
/// Whoever reads it may have seen enough before its end, as with `| head`. The rest is dropped
/// then, and the command goes on to the exit code that it has anyway: `diff | head -1` tells of
/// differences as `diff` does.
pub(super) struct Results {
    stream: BufWriter<AutoStream<Stdout>>,
}

impl Results {
    /// The process's standard output.
    pub(super) fn new(choice: ColorChoice) -> Self {
        Self { stream: BufWriter::new(AutoStream::new(io::stdout(), choice)) }
    }

    /// Whether people read it.
    pub(super) fn is_terminal(&self) -> bool {
        self.stream.get_ref().is_terminal()
    }
}

impl Write for Results {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        seen_enough(self.stream.write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        seen_enough(self.stream.flush(), ())
    }
}

fn seen_enough<T>(result: io::Result<T>, instead: T) -> io::Result<T> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(instead),
        result => result,
    }
}
