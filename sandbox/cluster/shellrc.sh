# shellcheck shell=bash
# Start-up file of an interactive shell in the sandbox.
# shellcheck source=/dev/null
[ -f ~/.bashrc ] && . ~/.bashrc
PS1='[sandbox \W]\$ '
