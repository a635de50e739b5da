#!/bin/sh
# Sourced by other scripts: what a set contains of the app's Secrets, encrypted. Environment: BACKUP_KEY, the passphrase.

encrypt() {
  openssl enc -aes-256-cbc -pbkdf2 -iter 100000 -salt -pass env:BACKUP_KEY
}

decrypt() {
  openssl enc -d -aes-256-cbc -pbkdf2 -iter 100000 -pass env:BACKUP_KEY
}
