//! Asks a server over TCP or UDP which source address it sees: the witness of `make demo`.
//!
//!     probe serve tcp [::]:80 NAME               answer every connection with `NAME saw ADDRESS`
//!     probe ask tcp 203.0.113.11:80 [MILLIS]     print that answer, or fail after MILLIS (2000)

#[path = "../tests/lab/probe.rs"]
mod probe;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use probe::{Server, ask};

const USAGE: &str = "usage: probe serve tcp|udp ADDRESS:PORT NAME
       probe ask tcp|udp ADDRESS:PORT [MILLIS]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    match *arguments {
        ["serve", transport, address, name] => {
            Server::bind(transport.parse()?, address)?.answer(name)?;
        }
        ["ask", transport, target] => print_answer(transport, target, "2000")?,
        ["ask", transport, target, millis] => print_answer(transport, target, millis)?,
        _ => return Err(USAGE.into()),
    }
    Ok(())
}

fn print_answer(transport: &str, target: &str, millis: &str) -> Result<(), Box<dyn Error>> {
    let patience = Duration::from_millis(millis.parse()?);
    println!("{}", ask(transport.parse()?, target.parse()?, patience)?);
    Ok(())
}
