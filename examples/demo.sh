#!/usr/bin/env bash
#
# make demo: the hairpin path, broken and then mended, with real packets.
#
# A bridge host, three instances and the outside are made of network namespaces. They belong to
# this script's own user, mount and process namespaces and end with it, also on ^C; nothing else
# on the machine changes, and no root is needed where unprivileged user namespaces are allowed.

set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin:/sbin:$HOME/.cargo/bin"

# shellcheck source=examples/lab.sh
source examples/lab.sh

readonly PROOF_MS=3000  # how long an answer that must come may take
readonly SILENCE_MS=700 # how long silence has to last to count
failures=0
proofs=0
step=0

# --- How it looks -----------------------------------------------------------------------------

bold='' dim='' red='' green='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
fi

title() {
    step=$((step + 1))
    printf '\n%s%d. %s%s\n\n' "$bold" "$step" "$1" "$plain"
}

say() { printf '\n' && printf '   %s\n' "$@"; }
works() { printf '   %s✓%s %s\n' "$green" "$plain" "$1"; }
fails() { printf '   %s✗%s %s\n' "$red" "$plain" "$1"; }

# Shows a command, then runs it, its output indented.
run() {
    printf '   %s$ %s%s\n' "$dim" "$*" "$plain"
    "$@" 2>&1 | sed '/./s/^/     /'
}

# Compares what was seen with what had to be seen; `bad` is what a failure looks like, whether it
# has to be shown or not.
expect() {
    local what=$1 seen=$2 wanted=$3 bad=$4
    proofs=$((proofs + 1))
    if [[ $seen != "$wanted" ]]; then
        fails "$what  $seen  ${bold}(expected: $wanted)$plain"
        failures=$((failures + 1))
    elif [[ $wanted == "$bad" ]]; then
        fails "$what  $seen"
    else
        works "$what  $seen"
    fi
}

picture() {
    cat <<'PICTURE'

              outside  192.0.2.2
                 │
               uplink
   ┌─────────────┴─────────────────────────┐
   │ host       br0  10.0.0.1  fd00:10::1  │
   └────┬─────────────┬─────────────┬──────┘
      vnet0         vnet1         vnet2
       web           db           batch
    10.0.0.11     10.0.0.12     10.0.0.13      fixed
   203.0.113.11  203.0.113.12       -          floats
   2001:db8::11  2001:db8::12       -
PICTURE
}

# --- The proofs -------------------------------------------------------------------------------

# One TCP connection: the server answers with its name and the client address that it saw.
connection() {
    local from=$1 what=$2 target=$3 wanted=$4 patience=$PROOF_MS seen line
    [[ $wanted == 'no answer' ]] && patience=$SILENCE_MS
    printf -v line '%-8s→ %-16s%-13s' "$from" "$what" "$target"
    [[ $target == *:* ]] && target="[$target]"
    seen=$(in_node "$from" probe ask tcp "$target:80" "$patience" 2>/dev/null) || seen='no answer'
    expect "$line" "$seen" "$wanted" 'no answer'
}

# Duplicate address detection of one more address on `web`, as a guest without RFC 7527 does it.
detection() {
    local address=$1 wanted=$2 seen=tentative line
    in_node web sh -c 'cd /proc/sys/net/ipv6
        echo 0 > conf/all/enhanced_dad
        echo 0 > conf/eth0/enhanced_dad
        echo 1 > conf/eth0/accept_dad'
    run ip -n web addr add "$address/64" dev eth0
    while [[ $seen == tentative ]]; do
        sleep 0.1
        case $(ip -n web -6 addr show to "$address") in
            *dadfailed*) seen=dadfailed ;;
            *tentative*) seen=tentative ;;
            *) seen=usable ;;
        esac
    done
    printf -v line '%-10s%-16s%-13s' web 'one more' "$address"
    expect "$line" "$seen" "$wanted" dadfailed
}

path() {
    say "web's way to its own float, by the maps that are loaded now:"
    cat <<'PATH'

       web  10.0.0.11 ─────────▶ 203.0.113.11
            prerouting           203.0.113.11 becomes 10.0.0.11       (dnat4)
            postrouting          10.0.0.11 becomes 203.0.113.11       (snat4)
       web  203.0.113.11 ──────▶ 10.0.0.11
PATH
}

usual_rules() {
    cat <<'RULES'
table inet usual {
  chain prerouting {
    type nat hook prerouting priority dstnat
    ip daddr 203.0.113.11 dnat ip to 10.0.0.11
    ip6 daddr 2001:db8::11 dnat ip6 to fd00:10::11
  }
  chain postrouting {
    type nat hook postrouting priority srcnat
    oifname "uplink" ip saddr 10.0.0.11 snat ip to 203.0.113.11
    oifname "uplink" ip6 saddr fd00:10::11 snat ip6 to 2001:db8::11
  }
}
RULES
}

story() {
    own_file_systems
    printf '%shairnat: an instance reaches its own floating IP, and keeps its IPv6 addresses%s\n' \
        "$bold" "$plain"
    picture
    say 'All of it lives in network namespaces of its own; nothing else here changes.' \
        'The bridge ports are in hairpin mode, as the path to the own float needs them.' \
        'Each → is a TCP connection; "web saw X" is what web answers to a client that came as X.'
    build_lab

    title 'The usual rules: floats in, fixed addresses out'
    usual_rules | sed '/./s/^/     /'
    usual_rules | nft -f -
    echo
    connection outside "web's float" 203.0.113.11 'web saw 192.0.2.2'
    connection web 'its own float' 203.0.113.11 'no answer'
    connection web 'its own float' 2001:db8::11 'no answer'
    say 'web gets its own packet, from its own address, and drops it.'

    title 'Hairpin mode, and what it does to IPv6'
    detection fd00:10::a1 dadfailed
    say 'The bridge sends the probe of web back to web: it takes itself for a duplicate.'

    title 'hairnat in place of the usual rules'
    run cat policies/demo.yaml
    echo
    run nft delete table inet usual
    run hairnat apply policies/demo.yaml
    path

    title 'The same again'
    connection outside "web's float" 203.0.113.11 'web saw 192.0.2.2'
    connection web 'its own float' 203.0.113.11 'web saw 203.0.113.11'
    connection web 'its own float' 2001:db8::11 'web saw 2001:db8::11'
    detection fd00:10::a2 usable

    title 'Everybody else'
    connection db "web's float" 203.0.113.11 'web saw 203.0.113.12'
    connection db "web's float" 2001:db8::11 'web saw 2001:db8::12'
    connection batch "web's float" 203.0.113.11 'web saw 10.0.0.1'
    connection batch "web's float" 2001:db8::11 'web saw fd00:10::1'
    connection host "web's float" 203.0.113.11 'web saw 192.0.2.1'
    connection web 'db itself' 10.0.0.12 'db saw 10.0.0.11'
    connection web 'the outside' 192.0.2.2 'outside saw 203.0.113.11'
    connection batch 'the outside' 192.0.2.2 'outside saw 192.0.2.1'

    title 'Once more: nothing left to do'
    run hairnat apply policies/demo.yaml
    local code=0
    hairnat diff policies/demo.yaml >/dev/null 2>&1 || code=$?
    expect 'hairnat diff:' "exit code $code" 'exit code 0' ''
    summary
}

summary() {
    echo
    if ((failures > 0)); then
        fails "$failures of $proofs results were not the expected ones"
        exit 1
    fi
    works "$proofs of $proofs results as expected: three failures without hairnat, none with it"
    say 'Next: hairnat check, diff and apply with a policy of your own; policies/ has examples.'
}

# --- Getting there ----------------------------------------------------------------------------

prepare() {
    .ci/setup
    local target
    target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
    [[ -x $target/debug/hairnat ]] || echo 'building hairnat; the first time takes a minute' >&2
    cargo build --quiet --bin hairnat --example probe
    export PATH="$target/debug:$target/debug/examples:$PATH"
    local isolated=(unshare --map-root-user --net --mount --pid --fork --kill-child)
    if ! "${isolated[@]}" true; then
        cat >&2 <<'MESSAGE'
The demo needs network namespaces, which this machine refuses. Run it as root, or allow unprivileged
user namespaces (sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces,
kernel.apparmor_restrict_unprivileged_userns).
MESSAGE
        exit 1
    fi
    exec setpriv --pdeathsig KILL "${isolated[@]}" bash examples/demo.sh --inside
}

trap 'exit 130' INT TERM HUP
if [[ ${1:-} == --inside ]]; then story; else prepare; fi
