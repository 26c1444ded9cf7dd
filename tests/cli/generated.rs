//! What is made from the command line's definition, as its readers take it.

use crate::world::World;

#[test]
fn bash_completes_with_the_completions() {
    let world = World::new();
    let script = r#"bash -c '
        source <(hairnat completions bash) || exit 1
        COMP_WORDS=(hairnat ren); COMP_CWORD=1
        _hairnat hairnat ren hairnat
        echo "${COMPREPLY[@]}"'"#;
    world.run(script).is(0, "render\n", "");
}

#[test]
fn the_manual_page_has_every_command_and_option_and_exit_code() {
    let world = World::new();
    let page = world.run("hairnat man").output().to_owned();
    for section in ["NAME", "SYNOPSIS", "COMMANDS", "OPTIONS", "EXIT STATUS", "FILES", "EXAMPLES"] {
        let quoted = format!("\n.SH \"{section}\"\n");
        assert!(
            page.contains(&format!("\n.SH {section}\n")) || page.contains(&quoted),
            "{section}"
        );
    }
    for command in ["apply", "diff", "check", "render", "show", "remove", "schema", "man"] {
        assert!(page.contains(&format!("\n.SS \"hairnat {command}\"\n")), "{command}");
    }
    for option in
        [r"\-\-dry\-run", r"\-\-confirm", r"\-\-format", r"\-\-host", r"\-\-output", r"\-\-color"]
    {
        assert!(page.contains(&format!(r"\fB{option}\fR")), "{option}");
    }
    for code in 0..=6 {
        assert!(page.contains(&format!("\n.TP\n\\fB{code}\\fR\n")), "{code}");
    }
}

#[test]
fn the_manual_page_gives_groff_no_cause_for_warnings() {
    let world = World::new();
    if !world.run("command -v groff || echo none").output().starts_with("none") {
        world.run("hairnat man | groff -man -Tutf8 -ww > /dev/null").is(0, "", "");
    }
}
