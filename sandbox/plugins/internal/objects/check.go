package objects

import (
	"context"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"lakehouse/sandbox/plugins/internal/await"
	"lakehouse/sandbox/plugins/internal/props"
)

// Check completes the inputs: kind, name, namespace, normal form. The API server's own check is the dry run of Create and
// Update in a preview.
func (p *Provider) Check(ctx context.Context, req *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	urn := resource.URN(req.GetUrn())
	gvk, patch, err := kindOf(urn)
	if err != nil {
		return nil, err
	}
	if p.SkipUnreachable && len(req.GetOlds().GetFields()) > 0 && p.Cluster.Unreachable(ctx) != nil {
		p.Log.Warn(req.GetUrn(), "the cluster is unreachable: left as it is, since skipUpdateUnreachable is set")
		return &pulumirpc.CheckResponse{Inputs: req.GetOlds()}, nil
	}
	if strings.HasSuffix(gvk.Kind, "List") {
		return nil, fmt.Errorf("%s is a list: make its items instead", gvk.Kind)
	}
	news, secrets, err := inputs(req.GetNews(), gvk)
	if err != nil {
		return nil, err
	}
	olds, _, err := inputs(req.GetOlds(), gvk)
	if err != nil {
		return nil, err
	}
	if patch && !hasName(news.Object) {
		return nil, fmt.Errorf("metadata.name is missing: a patch must name what it patches")
	}
	news = normalize(news)
	if err := autoname(news, olds, req); err != nil {
		return failure("metadata.name", err, req)
	}
	p.scope(ctx, news)
	if _, err := await.ParseConditions(annotation(news, annotationWaitFor)); err != nil {
		return failure("metadata.annotations", err, req)
	}
	encoded, err := props.Encode(encodeInputs(news, secrets), "inputs")
	if err != nil {
		return nil, err
	}
	return &pulumirpc.CheckResponse{Inputs: encoded}, nil
}

func failure(property string, err error, req *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{
		Inputs:   req.GetNews(),
		Failures: []*pulumirpc.CheckFailure{{Property: property, Reason: err.Error()}},
	}, nil
}
