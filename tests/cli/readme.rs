//! The README's five minutes, done as they are written.

use crate::world::{World, alone};

/// What stands between fences of that language in the README's section.
fn blocks<'a>(section: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    let blocks = section.split(&fence).skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap()).collect()
}

/// Runs the commands of a console block; `…` stands for the lines that are left out.
#[track_caller]
fn follow(world: &World, console: &str) {
    for sample in console.split("$ ").skip(1) {
        let (line, printed) = sample.split_once('\n').unwrap();
        let line = line.trim_start_matches("sudo ");
        let said = world.run(&format!("{line} || :"));
        match printed.split_once("…\n") {
            None => assert_eq!(said.output(), printed, "{line}"),
            Some((start, end)) => {
                let output = said.output();
                assert!(output.starts_with(start) && output.ends_with(end), "{line}\n{output}");
            }
        }
    }
}

#[test]
fn the_five_minutes_go_as_the_readme_says() {
    alone(|world| {
        let readme = include_str!("../../README.md");
        let section =
            readme.split("## Five minutes").nth(1).unwrap().split("\n## ").next().unwrap();
        let [policy] = blocks(section, "yaml")[..] else { panic!("one policy") };
        let [start, moved] = blocks(section, "console")[..] else { panic!("two consoles") };
        world.write("policy.yaml", policy);
        follow(world, start);
        let old = "203.0.113.11: 10.0.0.11";
        assert!(policy.contains(old));
        let new = "203.0.113.11: {fixed: 10.0.0.12, name: web-1}";
        world.write("policy.yaml", policy.replace(old, new));
        follow(world, moved);
    });
}

#[test]
fn a_packet_is_explained_as_the_readme_says() {
    alone(|world| {
        let off = "for key in /proc/sys/net/bridge/bridge-nf-call-*tables; do
            test ! -e $key || echo 0 > $key; done";
        world.run(off).is(0, "", "");
        let readme = include_str!("../../README.md");
        let section = readme.split("## Why can it not reach").nth(1).unwrap();
        let [console] = blocks(section.split("\n## ").next().unwrap(), "console")[..] else {
            panic!("one console")
        };
        follow(world, console);
    });
}

#[test]
fn several_owners_share_a_host_as_the_readme_says() {
    alone(|world| {
        world.run("mount -t tmpfs tmpfs /etc && mkdir -p /etc/hairnat/policy.d").is(0, "", "");
        world.write(
            "/etc/hairnat/policy.yaml",
            "fixed: [10.0.0.0/24]\nfloats:\n  203.0.113.10: 10.0.0.10\n",
        );
        let web = "floats:\n  203.0.113.11: {fixed: 10.0.0.11, name: web-1}\n";
        world.write("/etc/hairnat/policy.d/web.yaml", web);
        world.write("new-web.yaml", web);
        world.run("hairnat apply -q").is(0, "", "");
        let readme = include_str!("../../README.md");
        let section = readme.split("## In configuration management").nth(1).unwrap();
        let [owners, tried] = blocks(section.split("\n## ").next().unwrap(), "console")[..] else {
            panic!("two consoles")
        };
        follow(world, owners);
        follow(world, tried);
    });
}

#[test]
fn the_error_of_the_readme_is_what_is_shown() {
    let readme = include_str!("../../README.md");
    let section = readme.split("All its errors are shown at once:").nth(1).unwrap();
    let [_, error] = section.splitn(4, "```").take(2).collect::<Vec<_>>()[..] else {
        panic!("one error")
    };
    let world = World::new();
    let policy = "\n\nfixed: [10.0.0.0/24]\n\nfloats:\n  203.0.113.10: 10.0.0.11\n\n\n  203.0.113.10: 10.0.0.12\n";
    world.write("policy.yaml", policy);
    world.run("hairnat check policy.yaml").is(3, "", error.trim_start_matches('\n'));
}
