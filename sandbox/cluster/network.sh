#!/bin/sh
# Set up the node's network namespace, in it: network.sh INTERFACE ADDRESS/PREFIX SERVICE-NETWORK
# There is no way out of it, and programs that try are told at once. Service addresses need a route all the same:
# the rules that translate them come after the look-up.
set -eu
ip link set lo up
ip address replace "$2" dev "$1"
ip link set "$1" up
ip route replace "$3" dev "$1"
ip route replace unreachable default
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
