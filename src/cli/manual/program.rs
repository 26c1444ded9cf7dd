//! hairnat(8): the program, with every command.

use clap::Command;
use roff::{Roff, roman};

use super::part::{self, about, lowered};
use super::{FILES, documented};

const DESCRIPTION: [&str; 3] = [
    "Instances on a Linux bridge have fixed addresses, and the outside knows them by floating ones, \
     floats for short. hairnat keeps the rules by which every instance reaches every float, also \
     its own, in two tables of nftables: `inet hairnat` and `bridge hairnat`. It touches no other \
     table.",
    "A policy, a YAML document, declares the networks of the instances and which float leads to \
     which instance. The kernel is the state: hairnat reads what is live, compares it with what \
     the policy compiles to, and sends the difference as one transaction, which the kernel takes \
     whole or not at all. What anybody changed in the two tables by hand is shown by diff and \
     mended by apply.",
    "Results are written to standard output, warnings and errors to standard error; with -o json \
     the one object on standard output has all of them.",
];

const SEE_ALSO: &str = "nft(8), bridge(8), sysctl(8), network_namespaces(7)";

/// The page in roff.
pub(super) fn page(program: &mut Command) -> String {
    let mut roff = Roff::new();
    part::title(&mut roff, "HAIRNAT", program);
    roff.control("SH", ["NAME"]);
    roff.text([roman(format!("hairnat - {}", lowered(&about(program))))]);
    roff.control("SH", ["SYNOPSIS"]);
    for command in program.get_subcommands_mut().filter(|command| super::is_documented(command)) {
        part::usage(&mut roff, command);
    }
    roff.control("SH", ["DESCRIPTION"]);
    for paragraph in DESCRIPTION {
        roff.control("PP", []).text([roman(paragraph)]);
    }
    roff.control("SH", ["COMMANDS"]);
    for command in documented(program) {
        roff.control("SS", [format!("hairnat {}", command.get_name()).as_str()]);
        roff.text([roman(format!("{}.", about(command)))]);
        part::prose(&mut roff, command);
        part::own_arguments(command).for_each(|arg| part::argument(&mut roff, arg));
    }
    roff.control("SH", ["OPTIONS"]);
    program.get_arguments().for_each(|arg| part::argument(&mut roff, arg));
    part::exit_status(&mut roff);
    part::environment(&mut roff);
    roff.control("SH", ["FILES"]);
    for (path, meaning) in FILES {
        part::item(&mut roff, path, meaning);
    }
    roff.control("SH", ["EXAMPLES"]);
    for command in documented(program) {
        if let Some(lines) = part::example(command) {
            roff.control("PP", []).text([roman(format!("{}:", about(command)))]);
            part::literal(&mut roff, &lines);
        }
    }
    roff.control("SH", ["SEE ALSO"]);
    let pages = documented(program).map(|command| format!("hairnat-{}(8), ", command.get_name()));
    roff.text([roman(format!("{}{SEE_ALSO}", pages.collect::<String>()))]);
    roff.to_roff()
}
