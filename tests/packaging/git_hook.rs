//! `packaging/shell/pre-receive`: what may be pushed to main.

use crate::machine::has;
use crate::shell::{INVALID, SECRET, WRONG, script};
use crate::world::{POLICY, World, on_a_bare_host};

/// Makes a repository with the hook, and a clone of it.
fn repository(world: &World) {
    world.write(".gitconfig", "[user]\nname = Somebody\nemail = somebody@example.net\n");
    let hook = script("pre-receive");
    let line = format!(
        "git init -q --bare -b main policy.git && ln -s {hook} policy.git/hooks/ && \
         git init -q -b main work && cd work && git remote add origin ../policy.git && \
         mkdir policy.d"
    );
    git(world, &line).is(0, "", "");
}

/// Runs a line with Git as nobody has configured it.
fn git(world: &World, line: &str) -> crate::world::Said {
    let nobody = "export HOME=$PWD XDG_CONFIG_HOME=$PWD GIT_CONFIG_NOSYSTEM=1 TMPDIR=$PWD";
    world.run(&format!("{nobody}; {line}"))
}

#[test]
fn what_is_pushed_to_main_is_a_valid_policy() {
    on_a_bare_host(|world| {
        if !has(world, "git") {
            return;
        }
        repository(world);
        let push = |policy: &str, to: &str| {
            world.write("work/policy.d/web.yaml", policy);
            let line = format!(
                "cd work && git add . && git commit -qm Change && git push -q origin HEAD:{to} 2>&1 \
                 | grep remote: | sed 's/ *$//'; git -C ../policy.git rev-parse -q --verify {to} > it; \
                 git rev-parse HEAD | cmp -s - it && echo taken || echo refused"
            );
            git(world, &line).output().to_owned()
        };
        assert_eq!(push(POLICY, "main"), "taken\n");
        let wrong = WRONG.replace("policy.yaml", "policy.d/web.yaml");
        let wrong =
            wrong.lines().map(|line| format!("remote: {line}\n")).collect::<Vec<_>>().concat();
        assert_eq!(push(INVALID, "main"), format!("{wrong}refused\n"));
        assert_eq!(push(&format!("{INVALID}\n"), "trial"), "taken\n");
        let delete = "cd work && git push -q origin :main 2>&1 | grep remote: | sed 's/ *$//'";
        let told = "remote: main cannot be deleted: the policy is there\n";
        git(world, delete).is(0, told, "");
        // The hook leaves nothing behind.
        world.run("ls").is(0, "policy.git\npolicy.yaml\nprogram\nwork\n", "");
    });
}

/// Pushes to main what a line of shell makes of the clone, and tells what became of it. What the
/// server says to that has no word of its secret.
#[track_caller]
fn pushed(world: &World, line: &str) -> String {
    let line = format!(
        "cd work && {{ {line}; }} > log 2>&1 && rm log && git add . && git commit -qm Change; \
         git push -q origin HEAD:main > said 2>&1; sed -n 's/^remote: //p' said | sed 's/ *$//'; \
         ! grep hunter2 said; rm -f said; \
         test $(git -C ../policy.git rev-parse main) = $(git rev-parse HEAD) && echo taken"
    );
    let said = git(world, &line).stdout().to_owned();
    // The next one begins where main is.
    git(world, "cd work && git fetch -q && git reset -q --hard origin/main").is(0, "", "");
    said
}

/// Makes a repository with the hook and a valid policy on main, where there is Git.
fn with_a_policy_on_main(world: &World) -> bool {
    let able = has(world, "git");
    if able {
        repository(world);
        world.write("secret.yaml", SECRET);
        world.write("work/policy.d/web.yaml", POLICY);
        assert_eq!(pushed(world, "true"), "taken\n");
    }
    able
}

#[test]
fn the_hook_takes_only_regular_files_and_shows_no_file_of_the_server() {
    on_a_bare_host(|world| {
        if !with_a_policy_on_main(world) {
            return;
        }
        let refused = |path: &str, what: &str| {
            format!("{path} is a {what}: only regular files are taken in policy.d\n")
        };
        let secret = world.path("secret.yaml");
        let leak = format!("ln -s {} policy.d/leak.yaml", secret.display());
        assert_eq!(pushed(world, &leak), refused("policy.d/leak.yaml", "link"));
        let link = "ln -s web.yaml policy.d/again.yaml";
        assert_eq!(pushed(world, link), refused("policy.d/again.yaml", "link"));
        let link = "mkdir policy.d/more && ln -s ../../../secret.yaml policy.d/more/x";
        assert_eq!(pushed(world, link), refused("policy.d/more/x", "link"));
        let directory = "git rm -rq policy.d && ln -s /etc policy.d";
        assert_eq!(pushed(world, directory), "policy.d is not a directory\n");
        let module = "git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),policy.d/a";
        let submodule = format!("{module} && mkdir -p policy.d/a");
        assert_eq!(pushed(world, &submodule), refused("policy.d/a", "submodule"));
        assert_eq!(
            pushed(world, "cp policy.d/web.yaml 'policy.d/a\"b.yaml'"),
            "\"policy.d/a\\\"b.yaml\" has a quotation mark, a backslash or a control character in it\n"
        );
        // Links elsewhere are not the hook's business, nor is what hairnat does not read.
        let elsewhere = "ln -s policy.d/web.yaml README && chmod +x policy.d/web.yaml && \
                         echo 'floats: {}' > policy.d/größe.yaml && echo nonsense > policy.d/NOTES";
        assert_eq!(pushed(world, elsewhere), "taken\n");
    });
}

#[test]
fn the_hook_checks_what_a_clone_checks_out_whatever_the_attributes() {
    on_a_bare_host(|world| {
        if !with_a_policy_on_main(world) {
            return;
        }
        world.write("bad", INVALID);
        let bad = "cp ../bad policy.d/bad.yaml";
        let invalid = pushed(world, bad);
        assert!(invalid.starts_with("error: fixed address `10.9.0.10`"), "{invalid}");
        for attribute in ["export-ignore", "export-subst", "-text", "eol=crlf"] {
            let line = format!("{bad} && echo '*.yaml {attribute}' > .gitattributes");
            assert_eq!(pushed(world, &line), invalid, "{attribute}");
        }
        let substituted = "echo '# $Format:%n}$' >> policy.d/web.yaml && \
                           echo '*.yaml export-subst' > .gitattributes";
        assert_eq!(pushed(world, substituted), "taken\n");
        for attribute in ["ident", "filter=case", "working-tree-encoding=latin1"] {
            for (path, file) in [("policy.d/web.yaml", ""), ("web.yaml", "policy.d/")] {
                let line = format!("echo '{path} {attribute}' > {file}.gitattributes");
                let said = pushed(world, &line);
                let word = attribute.split('=').next().unwrap();
                assert!(said.starts_with(&format!("policy.d/web.yaml: {word}: ")), "{said}");
                let last = "an attribute of .gitattributes changes files of policy.d at checkout\n";
                assert!(said.ends_with(last), "{said}");
            }
        }
    });
}

/// The server would see the replacement, and a clone the object itself.
#[test]
fn the_hook_is_not_led_astray_by_objects_that_are_replaced() {
    on_a_bare_host(|world| {
        if !with_a_policy_on_main(world) {
            return;
        }
        world.write("bad", INVALID);
        let invalid = pushed(world, "cp ../bad policy.d/bad.yaml");
        let replace = "good=$(git hash-object -w policy.d/web.yaml) && \
                       bad=$(git hash-object -w ../bad) && git replace $bad $good && \
                       git push -q origin 'refs/replace/*' && cp ../bad policy.d/bad.yaml";
        assert_eq!(pushed(world, replace), invalid);
    });
}

/// `git add` makes no such tree, and a server takes it unless it is told not to.
#[test]
fn the_hook_refuses_names_that_lead_out_of_the_tree() {
    on_a_bare_host(|world| {
        if !with_a_policy_on_main(world) {
            return;
        }
        let blob = git(world, "cd work && git rev-parse HEAD:policy.d/web.yaml");
        let blob = blob.output().trim().to_owned();
        let blob: Vec<u8> = (0..blob.len() / 2)
            .map(|byte| u8::from_str_radix(&blob[2 * byte..2 * byte + 2], 16).unwrap())
            .collect();
        let entry = [b"100644 ../out.yaml\0".as_slice(), &blob].concat();
        world.write("tree", entry);
        let line = "\
            cd work
            directory=$(git hash-object -w --literally -t tree ../tree)
            top=$(printf '040000 tree %s\\tpolicy.d\\n' $directory | git mktree)
            git push -q origin $(git commit-tree -p HEAD -m Change $top):main 2>&1 |
                grep -o \"invalid path.*'\"";
        git(world, line).is(0, "invalid path 'policy.d/../out.yaml'\n", "");
    });
}
