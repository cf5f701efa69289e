#!/usr/bin/env bash
# Records fixtures/mrt and fixtures/pcap anew: four routers in network namespaces, everything each of them can dump, and
# a capture of their bridge. Wants root, bird, frr, gobgpd and dumpcap. `record.sh FOLDER`; leaves nothing else behind.
set -euo pipefail
recipe="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
out="$(realpath "${1:?usage: record.sh FOLDER}")"
work="$(mktemp -d)"
chmod 777 "$work"
name="bgpdrec$$"
pids=()

# By process id, and what runs in a namespace of ours whatever its parent.
clean() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for node in a b c d sw; do
    for pid in $(ip netns pids "$name-$node" 2>/dev/null); do kill "$pid" 2>/dev/null || true; done
    ip netns del "$name-$node" 2>/dev/null || true
  done
  wait
  sleep 1
  rm -rf "$work"
}
trap '[[ -z "${KEEP_LOGS:-}" ]] || cp "$work"/*.log "$out"/; clean' EXIT

inside() { local node=$1; shift; nsenter "--net=/run/netns/$name-$node" "$@"; }

for node in a b c d sw; do
  ip netns add "$name-$node"
  ip -n "$name-$node" link set lo up
done
ip -n "$name-sw" link add br0 type bridge
ip -n "$name-sw" link set br0 up
number=0
for node in a b c d; do
  number=$((number + 1))
  inside "$node" sh -c 'echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad'
  ip -n "$name-$node" link add eth0 type veth peer name "port$number" netns "$name-sw"
  ip -n "$name-$node" addr add "192.0.2.$number/24" dev eth0
  ip -n "$name-$node" addr add "2001:db8:0:2::$number/64" dev eth0 nodad
  ip -n "$name-$node" link set eth0 up
  ip -n "$name-sw" link set "port$number" master br0 up
done

for file in bird.conf narrow.conf frr.conf gobgp.toml; do sed "s#OUT#$work#" "$recipe/$file" > "$work/$file"; done
chmod 666 "$work"/*

inside sw dumpcap -q -i br0 -f 'tcp port 179' -w "$work/all.pcapng" 2> "$work/dumpcap.log" &
pids+=($!)
inside b /usr/lib/frr/bgpd -f "$work/frr.conf" -Z -n -i "$work/bgpd.pid" --vty_socket "$work" -A 127.0.0.1 -P 0 \
  -u frr -g frr > "$work/frr.log" 2>&1 &
pids+=($!)
inside c gobgpd -f "$work/gobgp.toml" --api-hosts 127.0.0.1:50051 > "$work/gobgp.log" 2>&1 &
pids+=($!)
sleep 2
gobgp() { inside c gobgp "$@"; }
gobgp global rib add 10.3.0.0/16 origin igp aspath 4200000777,64888 community 65002:3,no-advertise med 44 \
  large-community 65002:3:3 aigp metric 12345 local-pref 300 -a ipv4
gobgp global rib add 10.3.1.0/24 nexthop 192.0.2.3 -a ipv4
gobgp global rib add 2001:db8:3::/48 origin incomplete community 65002:33 -a ipv6
gobgp global rib add -a evpn macadv 02:00:00:00:00:01 10.3.9.9 1 100 rd 65002:1 rt 65002:1 encap vxlan
gobgp global rib add -a evpn multicast 192.0.2.3 1 rd 65002:1 rt 65002:1 encap vxlan pmsi ingress-repl 100 192.0.2.3
gobgp global rib add -a vpnv4 10.3.8.0/24 label 100 rd 65002:1 rt 65002:1
gobgp global rib add -a ipv4-flowspec match destination 10.3.7.0/24 then discard
inside d bird -f -c "$work/narrow.conf" -s "$work/narrow.ctl" > "$work/narrow.log" 2>&1 &
pids+=($!)
inside a bird -f -c "$work/bird.conf" -s "$work/bird.ctl" > "$work/bird.log" 2>&1 &
pids+=($!)

birdc() { inside a birdc -s "$work/bird.ctl" "$@" > /dev/null; }
established() { inside a birdc -s "$work/bird.ctl" show protocols 2>/dev/null | grep -c Established || true; }
for _ in $(seq 60); do [[ "$(established)" == 3 ]] && break; sleep 0.5; done
inside a birdc -s "$work/bird.ctl" show protocols
sleep 3
# Nine hundred routes fill messages to their limit; then a refresh, withdrawals, and an end with a text.
{ echo 'protocol static many { ipv4;'; for i in $(seq 0 899); do echo "route 10.128.$((i / 250)).$((i % 250))/32 blackhole;"; done; echo '}'; } \
  >> "$work/bird.conf"
birdc configure
sleep 3
birdc reload in gobgp
birdc reload in frr
inside b vtysh --vty_socket "$work" -c 'clear bgp 192.0.2.1 in' || true
gobgp global rib del 10.3.1.0/24 -a ipv4
gobgp global rib del 2001:db8:3::/48 -a ipv6
birdc disable many
sleep 6
# GoBGP writes its table once a minute at most.
sleep 50
birdc disable frr '"maintenance of the rack"'
sleep 2
for pid in $(ip netns pids "$name-c"); do kill "$pid" || true; done
sleep 1
cp "$work"/*.mrt "$work"/all.pcapng "$out"/ 
chmod 644 "$out"/*.mrt "$out"/all.pcapng
ls -l "$out"
