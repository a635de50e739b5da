// Command pulumi-resource-kubernetes is a stand-in for Pulumi's Kubernetes provider, for a machine where the official one
// cannot be downloaded. It serves the sandbox and the tests of this project alone.
package main

import (
	"io"
	"log"
	"os"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"k8s.io/klog/v2"

	"lakehouse/sandbox/plugins/internal/engine"
	"lakehouse/sandbox/plugins/internal/kubernetes"
	"lakehouse/sandbox/plugins/internal/redact"
	"lakehouse/sandbox/plugins/internal/serve"
)

func main() {
	secrets := &redact.Set{}
	// Helm warns of odd values and quotes them; what the Kubernetes client has to say is nobody's concern.
	log.SetOutput(secrets.Writer(os.Stderr))
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	register := func(server *grpc.Server, engineAddress string) error {
		messages, err := engine.Connect(engineAddress)
		if err != nil {
			return err
		}
		pulumirpc.RegisterResourceProviderServer(server, kubernetes.New(messages, secrets))
		return nil
	}
	os.Exit(serve.Plugin(register, nil))
}
