package kubernetes

import (
	"context"
	"fmt"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"lakehouse/sandbox/plugins/internal/props"
)

// call passes a request about one resource to who handles it, for as long as the provider is not cancelled. Secrets in
// the given properties do not come back in an error.
func call[Req interface{ GetUrn() string }, Res any](
	ctx context.Context, p *Provider, req Req, method func(handler, context.Context, Req) (Res, error),
	secrets ...*structpb.Struct,
) (Res, error) {
	var none Res
	ctx, cancel := p.whileWorking(ctx)
	defer cancel()
	h, err := p.handlerOf(req.GetUrn())
	if err != nil {
		return none, err
	}
	for _, s := range secrets {
		m, err := props.Decode(s, "properties")
		if err != nil {
			return none, err
		}
		p.secrets.Learn(m)
	}
	response, err := method(h, ctx, req)
	if err != nil {
		return none, p.withoutSecrets(err)
	}
	return response, nil
}

// withoutSecrets is the error as it may be shown, with the state that it carries, if any.
func (p *Provider) withoutSecrets(err error) error {
	st, ok := status.FromError(err)
	if !ok || len(st.Details()) == 0 {
		return fmt.Errorf("%s", p.secrets.Text(err.Error()))
	}
	shown := status.New(st.Code(), p.secrets.Text(st.Message()))
	for _, detail := range st.Details() {
		if failed, ok := detail.(*pulumirpc.ErrorResourceInitFailed); ok {
			for i, reason := range failed.Reasons {
				failed.Reasons[i] = p.secrets.Text(reason)
			}
		}
		message, ok := detail.(protoadapt.MessageV1)
		if !ok {
			continue
		}
		with, err := shown.WithDetails(message)
		if err != nil {
			return err
		}
		shown = with
	}
	return shown.Err()
}

// Check completes and checks the inputs of a resource.
func (p *Provider) Check(ctx context.Context, req *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return call(ctx, p, req, handler.Check, req.GetNews())
}

// Diff tells what an update would change.
func (p *Provider) Diff(ctx context.Context, req *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return call(ctx, p, req, handler.Diff)
}

// Create makes a resource.
func (p *Provider) Create(ctx context.Context, req *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	return call(ctx, p, req, handler.Create, req.GetProperties())
}

// Read finds out how a resource is.
func (p *Provider) Read(ctx context.Context, req *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	return call(ctx, p, req, handler.Read, req.GetInputs())
}

// Update changes a resource in place.
func (p *Provider) Update(ctx context.Context, req *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	return call(ctx, p, req, handler.Update, req.GetNews())
}

// Delete deletes a resource.
func (p *Provider) Delete(ctx context.Context, req *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	return call(ctx, p, req, handler.Delete, req.GetOldInputs())
}
