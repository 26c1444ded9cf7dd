//! How words are coloured, in one place. They are written with style always; the stream that they
//! go to takes it off where it is not wanted, see [`super::output`].

use anstyle::{AnsiColor, Style};

use crate::plan::ChangeOp;

/// The style of `error:`.
pub(super) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// The style of `warning:`.
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// The style of `note:`.
pub(super) const NOTE: Style = AnsiColor::Green.on_default().bold();
/// The style of `hint:`.
pub(super) const HINT: Style = AnsiColor::Cyan.on_default().bold();
/// The style of the frame around source lines.
pub(super) const FRAME: Style = AnsiColor::Blue.on_default().bold();
/// The style of what heads a group of lines.
pub(super) const HEADING: Style = Style::new().bold();

/// The style of a line of a diff.
pub(super) const fn change(op: ChangeOp) -> Style {
    match op {
        ChangeOp::Add => AnsiColor::Green,
        ChangeOp::Replace => AnsiColor::Yellow,
        ChangeOp::Delete => AnsiColor::Red,
    }
    .on_default()
}
