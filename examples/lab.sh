# shellcheck shell=bash
#
# The network of the demo: a bridge host, three instances and the outside. Sourced in namespaces
# of its own, where the script is the host; `tests/lab` is the same in Rust.

# Hides the machine's named namespaces, and shows the interfaces of this one.
own_file_systems() {
    mount -t tmpfs tmpfs /run
    mount -t sysfs sysfs /sys
}

build_lab() {
    sysctl_set ipv6/conf/default/accept_dad 0
    sysctl_set ipv4/ip_forward 1
    sysctl_set ipv6/conf/all/forwarding 1
    node outside uplink 192.0.2 2 2001:db8:2::
    ip -batch - <<'BATCH'
link set lo up
link add br0 type bridge
link set br0 up
addr add 10.0.0.1/24 dev br0
addr add fd00:10::1/64 dev br0
addr add 192.0.2.1/24 dev uplink
addr add 2001:db8:2::1/64 dev uplink
route add default via 192.0.2.2
route add default via 2001:db8:2::2
BATCH
    local port=0 name
    for name in web db batch; do
        node "$name" "vnet$port" 10.0.0 "$((11 + port))" fd00:10::
        ip link set "vnet$port" master br0
        ip link set "vnet$port" type bridge_slave hairpin on
        port=$((port + 1))
    done
    if [[ -e /proc/sys/net/bridge ]]; then
        sysctl_set bridge/bridge-nf-call-iptables 1
        sysctl_set bridge/bridge-nf-call-ip6tables 1
    fi
}

# A namespace with one interface, a default route to its neighbor .1, and a server on port 80.
node() {
    local name=$1 interface=$2 v4=$3 last=$4 v6=$5
    ip netns add "$name"
    in_node "$name" sh -c 'echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad'
    ip link add "$interface" type veth peer name eth0 netns "$name"
    ip link set "$interface" up
    ip -n "$name" -batch - <<BATCH
link set lo up
link set eth0 up
addr add $v4.$last/24 dev eth0
addr add $v6$last/64 dev eth0
route add default via $v4.1
route add default via ${v6}1
BATCH
    in_node "$name" probe serve tcp '[::]:80' "$name" &
    until in_node "$name" probe ask tcp 127.0.0.1:80 100 >/dev/null 2>&1; do
        kill -0 "$!" # a server that did not start ends the demo here
        sleep 0.02
    done
}

sysctl_set() { echo "$2" >"/proc/sys/net/$1"; }

in_node() {
    if [[ $1 == host ]]; then "${@:2}"; else ip netns exec "$@"; fi
}
