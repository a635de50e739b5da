package release

import (
	"context"
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil/rpcerror"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/structpb"
	helmrelease "helm.sh/helm/v3/pkg/release"

	"lakehouse/sandbox/plugins/internal/props"
)

// operation installs or upgrades a release. A release that was made and does not run comes with a failure; anything else that
// goes wrong is an error.
type operation func(ctx context.Context, h helm, urn string, s spec) (*helmrelease.Release, error)

// failure is the error of a release that was made, stays, and does not run: the next update upgrades it.
type failure struct {
	id    string
	cause error
}

func (f *failure) Error() string {
	return fmt.Sprintf("failed to become available within allocated timeout. Error: Helm Release %s: %v", f.id, f.cause)
}

// Create installs the release. A preview does nothing: Check has looked for the chart.
func (p *Provider) Create(ctx context.Context, req *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	const summary = "Helm release %q was created, but failed to initialize completely. Use Helm CLI to investigate: %s"
	state, id, err := p.apply(ctx, req.GetUrn(), req.GetProperties(), req.GetPreview(), p.install, summary)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.CreateResponse{Id: id, Properties: state}, nil
}

// Update upgrades the release. A preview does nothing.
func (p *Provider) Update(ctx context.Context, req *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	const summary = "Helm release %q failed to initialize completely. Use Helm CLI to investigate: %s"
	state, _, err := p.apply(ctx, req.GetUrn(), req.GetNews(), req.GetPreview(), p.upgrade, summary)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.UpdateResponse{Properties: state}, nil
}

// apply does the operation and returns the state that it leads to. summary is the text of a failure: its verbs stand for the
// release's id and the cause.
func (p *Provider) apply(
	ctx context.Context, urn string, properties *structpb.Struct, preview bool, do operation, summary string,
) (*structpb.Struct, string, error) {
	inputs, err := props.Decode(properties, "inputs")
	if err != nil {
		return nil, "", err
	}
	s, err := decode(inputs)
	if err != nil {
		return nil, "", err
	}
	if preview {
		state, err := encodeState(inputs, inputs, nil)
		return state, "", err
	}
	if err := p.Cluster.Unreachable(ctx); err != nil {
		return nil, "", reachableError(err)
	}
	h, err := p.helmIn(s.Namespace)
	if err != nil {
		return nil, "", err
	}
	made, err := do(ctx, h, urn, s)
	var failed *failure
	if err != nil && !errors.As(err, &failed) {
		return nil, "", err
	}
	state, err := encodeState(inputs, inputs, made)
	if err != nil {
		return nil, "", err
	}
	if failed != nil {
		return nil, "", partial(s.id(), fmt.Sprintf(summary, s.id(), failed.Error()), state)
	}
	return state, s.id(), nil
}

// partial is the error of a release that failed and stays: the engine keeps its state, and the next update upgrades it.
func partial(id, text string, state *structpb.Struct) error {
	return rpcerror.WithDetails(rpcerror.New(codes.Unknown, text),
		&pulumirpc.ErrorResourceInitFailed{Id: id, Properties: state, Reasons: []string{text}})
}
