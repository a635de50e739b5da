// Command pulumi-resource-random is a stand-in for Pulumi's random provider, for a machine where the official one cannot be
// downloaded. It serves the sandbox and the tests of this project alone.
package main

import (
	"os"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"

	"lakehouse/sandbox/plugins/internal/random"
	"lakehouse/sandbox/plugins/internal/serve"
)

func main() {
	os.Exit(serve.Plugin(func(server *grpc.Server, _ string) error {
		pulumirpc.RegisterResourceProviderServer(server, &random.Provider{})
		return nil
	}, nil))
}
