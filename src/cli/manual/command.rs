//! hairnat-COMMAND(8): one command.

use clap::Command;
use roff::{Roff, roman};

use super::part::{self, about, lowered};
use super::{FILES, documented};

/// The page in roff of `command`, one of `program`.
pub(super) fn page(program: &Command, mut command: Command) -> String {
    let mut roff = Roff::new();
    let name = format!("hairnat-{}", command.get_name());
    part::title(&mut roff, &name.to_uppercase(), program);
    roff.control("SH", ["NAME"]);
    roff.text([roman(format!("{name} - {}", lowered(&about(&command))))]);
    roff.control("SH", ["SYNOPSIS"]);
    part::usage(&mut roff, &mut command);
    roff.control("SH", ["DESCRIPTION"]);
    roff.text([roman(format!("{}.", about(&command)))]);
    part::prose(&mut roff, &command);
    roff.control("SH", ["OPTIONS"]);
    part::own_arguments(&command).for_each(|arg| part::argument(&mut roff, arg));
    program.get_arguments().for_each(|arg| part::argument(&mut roff, arg));
    part::exit_status(&mut roff);
    part::environment(&mut roff);
    if command.get_arguments().any(|arg| arg.get_id() == "files") {
        roff.control("SH", ["FILES"]);
        for (path, meaning) in FILES {
            part::item(&mut roff, path, meaning);
        }
    }
    if let Some(lines) = part::example(&command) {
        roff.control("SH", ["EXAMPLES"]);
        part::literal(&mut roff, &lines);
    }
    roff.control("SH", ["SEE ALSO"]);
    let others = documented(program).filter(|other| other.get_name() != command.get_name());
    let others = others.map(|other| format!(", hairnat-{}(8)", other.get_name()));
    roff.text([roman(format!("hairnat(8){}", others.collect::<String>()))]);
    roff.to_roff()
}
