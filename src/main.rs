//! The `hairnat` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    hairnat::cli::main()
}
