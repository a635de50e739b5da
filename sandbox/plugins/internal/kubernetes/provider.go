// Package kubernetes is a stand-in for Pulumi's Kubernetes provider: objects of any kind, and Helm releases.
//
// It is for the sandbox and the tests of this project alone.
package kubernetes

import (
	"context"
	"fmt"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"lakehouse/sandbox/plugins/internal/engine"
	"lakehouse/sandbox/plugins/internal/objects"
	"lakehouse/sandbox/plugins/internal/redact"
	"lakehouse/sandbox/plugins/internal/release"
)

// Version is the release of the official provider whose behaviour this one follows.
const Version = "4.34.2"

// Provider answers the engine. It is safe for concurrent use.
type Provider struct {
	pulumirpc.UnimplementedResourceProviderServer

	log     *engine.Log
	secrets *redact.Set
	work    context.Context
	cancel  context.CancelFunc

	mu       sync.Mutex
	objects  *objects.Provider
	releases *release.Provider
}

// New makes a provider that reports to the log. secrets will hold what must not be shown.
func New(log *engine.Log, secrets *redact.Set) *Provider {
	work, cancel := context.WithCancel(context.Background())
	log.Redact = secrets.Text
	return &Provider{log: log, secrets: secrets, work: work, cancel: cancel}
}

// handler is what does the work of one kind of resource.
type handler interface {
	Check(context.Context, *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error)
	Diff(context.Context, *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error)
	Create(context.Context, *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error)
	Read(context.Context, *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error)
	Update(context.Context, *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error)
	Delete(context.Context, *pulumirpc.DeleteRequest) (*emptypb.Empty, error)
}

// handlerOf finds who handles the resource.
func (p *Provider) handlerOf(urn string) (handler, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.objects == nil {
		return nil, status.Error(codes.FailedPrecondition, "the provider is not configured")
	}
	if resource.URN(urn).Type() == release.Type {
		return p.releases, nil
	}
	return p.objects, nil
}

// whileWorking ends the call when the provider is cancelled, and, as the official one, not when the engine is gone.
func (p *Provider) whileWorking(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(p.work, cancel)
	return ctx, func() { stop(); cancel() }
}

// Handshake tells what the provider understands.
func (p *Provider) Handshake(
	context.Context, *pulumirpc.ProviderHandshakeRequest,
) (*pulumirpc.ProviderHandshakeResponse, error) {
	return &pulumirpc.ProviderHandshakeResponse{AcceptSecrets: true, SupportsAutonamingConfiguration: true}, nil
}

// GetPluginInfo tells the version.
func (p *Provider) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: Version}, nil
}

// GetSchema gives the least that a schema must have.
func (p *Provider) GetSchema(context.Context, *pulumirpc.GetSchemaRequest) (*pulumirpc.GetSchemaResponse, error) {
	return &pulumirpc.GetSchemaResponse{Schema: fmt.Sprintf(`{"name":"kubernetes","version":%q}`, Version)}, nil
}

// Attach has nothing to attach to: the engine's address came as an argument.
func (p *Provider) Attach(context.Context, *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// Cancel ends what is under way; what was made so far is kept in the state.
func (p *Provider) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	p.cancel()
	return &emptypb.Empty{}, nil
}

// Invoke knows no function: those of the official provider read YAML, charts and kustomizations into resources.
func (p *Provider) Invoke(_ context.Context, req *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	return nil, status.Errorf(codes.Unimplemented,
		"the sandbox's Kubernetes provider has no function %s: use the official one", req.GetTok())
}

// Construct makes no component: those of the official provider are ConfigGroup, Chart and Directory.
func (p *Provider) Construct(_ context.Context, req *pulumirpc.ConstructRequest) (*pulumirpc.ConstructResponse, error) {
	return nil, status.Errorf(codes.Unimplemented,
		"the sandbox's Kubernetes provider has no component %s: use the official one", req.GetType())
}
