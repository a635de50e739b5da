// Command pulumi-language-python is a stand-in for Pulumi's language host for Python, for a machine where the official one
// cannot be downloaded. It serves the sandbox and the tests of this project alone.
package main

import (
	"os"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"

	"lakehouse/sandbox/plugins/internal/python"
	"lakehouse/sandbox/plugins/internal/serve"
)

func main() {
	var host *python.Host
	register := func(server *grpc.Server, engineAddress string) error {
		host = python.New(engineAddress)
		pulumirpc.RegisterLanguageRuntimeServer(server, host)
		return nil
	}
	os.Exit(serve.Plugin(register, func() { host.StopAndWait() }))
}
