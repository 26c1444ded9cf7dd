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
fn each_command_has_a_manual_page_of_its_own() {
    let world = World::new();
    for command in
        ["apply", "check", "completions", "diff", "man", "remove", "render", "schema", "show"]
    {
        let page = world.run(&format!("hairnat man {command}")).output().to_owned();
        assert!(page.contains(&format!("\nhairnat\\-{command} \\- ")), "{page}");
        assert!(page.contains(&format!("\n\\fBhairnat {command}\\fR [OPTIONS]")), "{page}");
        let links = page.rsplit_once(".SH \"SEE ALSO\"\n").unwrap().1;
        assert!(links.starts_with("hairnat(8), hairnat\\-"), "{links}");
        assert!(!links.contains(&format!("\\-{command}(8)")), "{links}");
    }
    let page = world.run("hairnat man apply").output().to_owned();
    assert!(page.contains(r"\fB\-\-confirm\fR \fISECONDS\fR"), "{page}");
    assert!(page.contains("\nhairnat apply \\-\\-confirm 30 policy.yaml\n"), "{page}");
    assert!(!page.contains(r"\-\-host"), "{page}");
}

#[test]
fn all_manual_pages_can_be_put_where_man_finds_them() {
    let world = World::new();
    world.run("mkdir man8 && hairnat man --to man8").is(0, "", "");
    let pages = "hairnat-apply.8 hairnat-check.8 hairnat-completions.8 hairnat-diff.8 hairnat-explain.8 \
        hairnat-man.8 hairnat-remove.8 hairnat-render.8 hairnat-schema.8 hairnat-show.8 hairnat.8\n";
    world.run("LC_ALL=C ls man8 | tr '\\n' ' ' | sed 's/ $/\\n/'").is(0, pages, "");
    world.run("hairnat man check | cmp - man8/hairnat-check.8").is(0, "", "");
    let error = "\
error: cannot write `nowhere/hairnat.8`: No such file or directory (os error 2)
  hint: the directory must be there, and writable
";
    world.run("hairnat man --to nowhere").is(4, "", error);
}

#[test]
fn a_manual_page_of_no_command_is_refused() {
    let error = "\
error: there is no command `aply`
  hint: there is a page of each of these: apply, diff, check, render, explain, show, remove, \
        schema, completions, man
";
    World::new().run("hairnat man aply").is(2, "", error);
}

#[test]
fn the_manual_pages_give_groff_no_cause_for_warnings() {
    let world = World::new();
    if !world.run("command -v groff || echo none").output().starts_with("none") {
        for page in ["", "apply", "check", "show", "man"] {
            let line = format!("hairnat man {page} | groff -man -Tutf8 -ww > /dev/null");
            world.run(&line).is(0, "", "");
        }
    }
}
