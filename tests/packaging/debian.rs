//! The Debian package, installed in a clean Debian and taken away again.

use std::process::Command;

use crate::clean_root::{enter, package};

/// Defines `listing`, which names every file but those that the package manager and man(1) write for
/// themselves.
const LISTING: &str = r"
    listing() {
        find / -xdev \( -path /proc -o -path /dev -o -path /var/cache/man -o -path /var/log \
            -o -path /var/lib/dpkg -o -path /tmp \) -prune -o -print | sort
    }
    install() { dpkg --install /hairnat.deb > /tmp/log 2>&1 || cat /tmp/log; }
    listing > /tmp/before
";

/// What a shell script of the clean root says.
fn says(test: &str, script: &str, expected: &str) {
    if let Some(said) = enter(test, &format!("{LISTING}{script}")) {
        assert_eq!(said, expected);
    }
}

#[test]
fn lintian_finds_nothing() {
    // Its warning that it is run by root is not about the package.
    let lintian = Command::new("lintian")
        .args(["--allow-root", "--fail-on=error,warning"])
        .arg(package())
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("lintian: run `.ci/setup test`");
    let said = String::from_utf8(lintian.stdout).unwrap();
    assert_eq!((lintian.status.code(), said.as_str()), (Some(0), ""));
}

#[test]
fn the_package_needs_the_two_libraries_and_that_of_c() {
    let dpkg = Command::new("dpkg-deb").arg("--field").arg(package()).arg("Depends").output();
    let needs = String::from_utf8(dpkg.unwrap().stdout).unwrap();
    let names: Vec<&str> =
        needs.trim().split(", ").filter_map(|one| one.split(' ').next()).collect();
    assert_eq!(names, ["libc6", "libmnl0", "libnftnl11"], "{needs}");
}

#[test]
fn what_is_installed_works_for_everybody() {
    says(
        "debian::what_is_installed_works_for_everybody",
        r#"
        install
        setpriv --reuid 65534 --clear-groups hairnat check -v 2>&1
        hairnat check /usr/share/doc/hairnat/examples/full.yaml
        head -q -n 1 /usr/share/doc/hairnat/examples/*.yaml | sort -u
        for page in hairnat hairnat-apply hairnat-check hairnat-diff hairnat-man \
            hairnat-completions hairnat-remove hairnat-render hairnat-schema hairnat-show; do
            man -P cat "$page" | grep -c -E '^(NAME|SYNOPSIS|OPTIONS|EXIT STATUS|SEE ALSO)$'
        done | paste -sd ' '
        bash -c '. /usr/share/bash-completion/completions/hairnat && complete -p hairnat'
        ls /usr/share/zsh/vendor-completions/_hairnat /usr/share/fish/vendor_completions.d
        hairnat schema | cmp - /usr/share/hairnat/policy.schema.json
        hairnat schema output | cmp - /usr/share/hairnat/output.schema.json
        stat -c '%A %U %n' /etc/hairnat/policy.yaml /usr/bin/hairnat
        "#,
        "\
read /etc/hairnat/policy.yaml
valid: 0 floats
valid: 13 floats
# yaml-language-server: $schema=file:///usr/share/hairnat/policy.schema.json
5 5 5 5 5 5 5 5 5 5
complete -o bashdefault -o default -o nosort -F _hairnat hairnat
/usr/share/zsh/vendor-completions/_hairnat

/usr/share/fish/vendor_completions.d:
hairnat.fish
-rw-r--r-- root /etc/hairnat/policy.yaml
-rwxr-xr-x root /usr/bin/hairnat
",
    );
}

/// As any other conffile, so that what an administrator wrote is not lost.
#[test]
fn removing_leaves_what_an_administrator_may_have_edited_and_purging_nothing() {
    says(
        "debian::removing_leaves_what_an_administrator_may_have_edited_and_purging_nothing",
        r"
        install
        systemctl --quiet enable hairnat.service hairnat.path
        echo removed:
        dpkg --remove hairnat > /tmp/log 2>&1 || cat /tmp/log
        listing | comm -3 /tmp/before -
        install
        echo purged:
        dpkg --purge hairnat > /tmp/log 2>&1 || cat /tmp/log
        listing | comm -3 /tmp/before -
        ",
        "\
removed:
\t/etc/hairnat
\t/etc/hairnat/policy.d
\t/etc/hairnat/policy.d/README
\t/etc/hairnat/policy.yaml
purged:
",
    );
}

#[test]
fn what_others_put_into_the_drop_in_directory_outlives_the_package() {
    says(
        "debian::what_others_put_into_the_drop_in_directory_outlives_the_package",
        r"
        install
        echo 'floats: {}' > /etc/hairnat/policy.d/web.yaml
        dpkg --purge hairnat > /tmp/log 2>&1
        listing | comm -3 /tmp/before -
        ",
        "\t/etc/hairnat\n\t/etc/hairnat/policy.d\n\t/etc/hairnat/policy.d/web.yaml\n",
    );
}

#[test]
fn the_policy_that_comes_with_it_has_a_place_for_every_section() {
    says(
        "debian::the_policy_that_comes_with_it_has_a_place_for_every_section",
        r"
        install
        head -n 1 /etc/hairnat/policy.yaml
        # Whoever takes the comment signs away has a policy.
        sed -n '/^version/,$p' /etc/hairnat/policy.yaml |
            sed 's/^# \([a-z]*:.*\)$/\1/; s/^#   /  /; s/^# .*//' > /tmp/policy.yaml
        hairnat check /tmp/policy.yaml
        grep -c -E '^(version|fixed|pool|floats|bridge|egress):' /tmp/policy.yaml
        ",
        "\
# yaml-language-server: $schema=file:///usr/share/hairnat/policy.schema.json
valid: 3 floats
6
",
    );
}
