"""Other programs and services that commands talk to, and what a command says when it cannot go on."""
