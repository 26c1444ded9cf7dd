#!/usr/bin/env bash
#
# Runs the shell script SCRIPT in a copy of a clean Debian, which vanishes with it:
#
#   clean_root.sh enter ROOT PACKAGE SCRIPT           as root of the copy
#   clean_root.sh boot ROOT PACKAGE SCRIPT PREPARE    on the copy as a machine that has just booted;
#                                                     before, PREPARE runs as root of the copy;
#                                                     this repository is /src
#
# ROOT is the clean Debian, PACKAGE a Debian package, in the copy /hairnat.deb. All of it has mounts,
# processes, a network and control groups of its own.

set -euo pipefail
if [[ $1 != inside ]]; then
    exec setpriv --pdeathsig KILL \
        unshare --mount --net --pid --ipc --uts --fork --kill-child --propagation private \
        "$0" inside "$@"
fi
repository=$(realpath "$(dirname "$0")/../..")
mode=$2 root=$3 package=$4 script=$5 prepare=${6-}

# A copy that holds only what differs from the clean Debian, in memory.
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir /run/upper /run/work /run/copy
mount -t overlay overlay -o "lowerdir=$root,upperdir=/run/upper,workdir=/run/work" /run/copy
cp "$package" /run/copy/hairnat.deb
printf '%s\n' "$script" >/run/copy/script
printf '%s\n' "$prepare" >/run/copy/prepare

in_copy() {
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        chroot /run/copy "$@"
}

groups=()

# systemd-nspawn makes control groups beside its own process: that moves to one of its own, in every
# hierarchy that systemd looks at.
enter_control_group() {
    local hierarchy
    for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
        [[ -e $hierarchy/cgroup.procs ]] || continue
        mkdir "$hierarchy/$1"
        groups+=("$hierarchy/$1")
        echo $$ >"$hierarchy/$1/cgroup.procs"
    done
}

leave_control_group() {
    local group
    for group in "${groups[@]}"; do
        echo $$ >"${group%/*}/cgroup.procs"
        find "$group" -depth -type d -exec rmdir {} +
    done
}

boot() {
    in_copy /bin/sh /prepare >/run/prepared 2>&1 || {
        cat /run/prepared
        return 1
    }
    cat >/run/copy/etc/systemd/system/script.service <<'UNIT'
[Unit]
After=multi-user.target hairnat.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c '/bin/sh /script >/said 2>&1; echo $? >/code; systemctl --no-block poweroff'
[Install]
WantedBy=multi-user.target
UNIT
    in_copy systemctl --quiet enable script.service
    local name
    name=hairnat-$(</proc/sys/kernel/random/uuid)
    trap leave_control_group EXIT
    enter_control_group "$name"
    systemd-nspawn --quiet --boot --private-network --register=no --keep-unit \
        --bind-ro="$repository:/src" --machine "$name" --directory /run/copy >/run/console 2>&1 </dev/null ||
        cat /run/console
    cat /run/copy/said
    return "$(cat /run/copy/code)"
}

case $mode in
    enter)
        mount --bind /dev /run/copy/dev
        mount --bind /proc /run/copy/proc
        in_copy /bin/sh /script
        ;;
    boot) boot ;;
esac
