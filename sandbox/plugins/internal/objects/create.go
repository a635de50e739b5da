package objects

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil/rpcerror"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/structpb"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"lakehouse/sandbox/plugins/internal/await"
)

// Create makes the object and waits until it is ready. In a preview the API server is only asked whether it would.
func (p *Provider) Create(ctx context.Context, req *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	urn := resource.URN(req.GetUrn())
	gvk, patch, err := kindOf(urn)
	if err != nil {
		return nil, err
	}
	object, secrets, err := inputs(req.GetProperties(), gvk)
	if err != nil {
		return nil, err
	}
	if req.GetPreview() {
		return p.previewCreate(ctx, object, secrets, patch, req)
	}
	if err := p.reachable(ctx); err != nil {
		return nil, err
	}
	p.scope(ctx, object)
	by, err := manager(object, "")
	if err != nil {
		return nil, err
	}
	w := write{object: object, manager: by, force: p.Force || annotated(object, annotationPatchForce)}
	made, err := p.eventually(ctx, urn, object, func(client dynamic.ResourceInterface) (*unstructured.Unstructured, error) {
		if p.Upsert || patch {
			return w.apply(ctx, client)
		}
		return w.create(ctx, client)
	})
	if err != nil {
		return nil, createError(object, err)
	}
	live, awaitErr := p.await(ctx, urn, object, made, nil, req.GetTimeout())
	if object.GetKind() == "CustomResourceDefinition" {
		p.Cluster.Forget()
	}
	state, err := encodeState(object, live, secrets, w.manager)
	if err != nil {
		return nil, err
	}
	id := ID(live.GetNamespace(), live.GetName())
	if awaitErr != nil {
		return nil, partial(id, fmt.Sprintf("%s was created, but is not ready", id), awaitErr, state)
	}
	return &pulumirpc.CreateResponse{Id: id, Properties: state}, nil
}

// await waits for an object that was written, unless it asks not to be waited for; before is the object before it was
// changed, nil if it was created.
func (p *Provider) await(
	ctx context.Context, urn resource.URN, inputs, made, before *unstructured.Unstructured, seconds float64,
) (*unstructured.Unstructured, error) {
	if annotated(inputs, annotationSkipAwait) {
		return made, nil
	}
	conditions, err := await.ParseConditions(annotation(inputs, annotationWaitFor))
	if err != nil {
		return made, err
	}
	live, err := p.waiter(urn).Ready(ctx, made, before, conditions, timeout(seconds, inputs))
	p.Log.Status(string(urn), "")
	return live, err
}

// partial is the failure of an operation whose object stays: the engine keeps its state, and the next update goes on.
func partial(id, summary string, err error, state *structpb.Struct) error {
	reasons := []string{err.Error()}
	var notReady *await.NotReady
	if errors.As(err, &notReady) {
		reasons = slices.Concat([]string{notReady.Summary}, notReady.Reasons)
	}
	return rpcerror.WithDetails(rpcerror.Newf(codes.Unknown, "%s: %v", summary, err),
		&pulumirpc.ErrorResourceInitFailed{Id: id, Properties: state, Reasons: reasons})
}

// partialRead is the finding of an object that is not ready.
func partialRead(id string, finding *await.NotReady, state, inputs *structpb.Struct) error {
	return rpcerror.WithDetails(rpcerror.Newf(codes.Unknown, "%v", finding), &pulumirpc.ErrorResourceInitFailed{
		Id: id, Properties: state, Inputs: inputs, Reasons: slices.Concat([]string{finding.Summary}, finding.Reasons),
	})
}

// createError says what to do about an object that could not be made.
func createError(object *unstructured.Unstructured, err error) error {
	title := object.GetKind() + " " + ID(object.GetNamespace(), object.GetName())
	switch {
	case apierrors.IsAlreadyExists(err):
		return fmt.Errorf("%s exists already and is not managed by this stack: import it, give the resource an alias if it "+
			"was renamed, or let the provider take it over with upsertExistingObjects: %w", title, err)
	case meta.IsNoMatchError(err):
		return fmt.Errorf("%s: the API server has no such kind; its CustomResourceDefinition must be made first: %w", title, err)
	}
	return fmt.Errorf("%s was refused by the API server: %w", title, err)
}
