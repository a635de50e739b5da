// Temporal-setup does the parts of the official image's start that need a program: it fills in the template of the
// server's configuration, waits for a port, and registers the default namespace.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"
)

const usage = `usage: temporal-setup config TEMPLATE TARGET
       temporal-setup wait ADDRESS
       temporal-setup namespace ADDRESS`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "temporal-setup:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 0 {
		return fmt.Errorf("%s", usage)
	}
	switch command, rest := arguments[0], arguments[1:]; {
	case command == "config" && len(rest) == 2:
		return writeConfig(rest[0], rest[1], os.Environ())
	case command == "wait" && len(rest) == 1:
		return wait(rest[0])
	case command == "namespace" && len(rest) == 1:
		return register(context.Background(), rest[0])
	}
	return fmt.Errorf("%s", usage)
}

// wait returns when the address accepts a connection, however long that takes, as the official image does.
func wait(address string) error {
	for {
		connection, err := net.DialTimeout("tcp", address, 5*time.Second)
		if err == nil {
			return connection.Close()
		}
		fmt.Println("Waiting for PostgreSQL:", err)
		time.Sleep(time.Second)
	}
}
