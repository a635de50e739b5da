// Package serve runs a plugin's gRPC server the way the Pulumi engine starts it: the engine's address is the last
// argument, the first line of standard output is the port, and the process does not outlive the engine.
package serve

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"google.golang.org/grpc"
)

// orphanPoll is how often a plugin looks whether the engine that started it is still its parent.
const orphanPoll = 300 * time.Millisecond

// Plugin serves what register adds to the server until the engine goes away, and returns the exit code. The engine ends
// a plugin by an interrupt signal to its process group, which is not the terminal's: it needs no handling.
// onOrphan, if not nil, is called when the engine died without ending the plugin, just before the exit.
func Plugin(register func(server *grpc.Server, engineAddress string) error, onOrphan func()) int {
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Init: func(server *grpc.Server) error { return register(server, EngineAddress(os.Args[1:])) },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(handle.Port)
	orphaned := make(chan struct{})
	go watchParent(orphaned)
	select {
	case err = <-handle.Done:
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	case <-orphaned:
		if onOrphan != nil {
			onOrphan()
		}
		return 1
	}
}

// EngineAddress finds the engine's address in a plugin's arguments: the last one that is not a flag, or "".
func EngineAddress(args []string) string {
	if len(args) == 0 || strings.HasPrefix(args[len(args)-1], "-") {
		return ""
	}
	return args[len(args)-1]
}

// watchParent closes orphaned once the process that started this one is gone.
func watchParent(orphaned chan<- struct{}) {
	parent := os.Getppid()
	for os.Getppid() == parent {
		time.Sleep(orphanPoll)
	}
	close(orphaned)
}
