package objects

import (
	"context"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"lakehouse/sandbox/plugins/internal/diff"
)

// Diff compares the inputs with those of the last operation. What somebody else changed in the cluster shows after a
// refresh, which brings it into the old inputs.
func (p *Provider) Diff(ctx context.Context, req *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	urn := resource.URN(req.GetUrn())
	gvk, patch, err := kindOf(urn)
	if err != nil {
		return nil, err
	}
	old, err := decodeState(req.GetOlds())
	if err != nil {
		return nil, err
	}
	olds := old.inputs
	if req.GetOldInputs() != nil {
		if olds, _, err = inputs(req.GetOldInputs(), gvk); err != nil {
			return nil, err
		}
	}
	news, _, err := inputs(req.GetNews(), gvk)
	if err != nil {
		return nil, err
	}
	olds, news = normalize(olds), normalize(news)
	p.scope(ctx, olds)
	p.scope(ctx, news)
	// The name that was made for an object may be written into the program later.
	if olds.GetName() == "" && old.live.GetName() != "" {
		olds.SetName(old.live.GetName())
	}
	changes := slices.DeleteFunc(diff.Compute(olds.Object, news.Object), func(c diff.Change) bool {
		return c.IgnoredBy(req.GetIgnoreChanges()) || sameAnyway(c)
	})
	fixed := p.Mutable.fixed(olds)
	if patch {
		fixed = []string{"metadata.name", "metadata.namespace"}
	}
	response := diff.Response(changes, fixed)
	if p.mustStartOver(ctx, old, news) {
		response.Changes = pulumirpc.DiffResponse_DIFF_SOME
		response.Replaces = append(response.Replaces, `metadata.annotations["`+annotationReplace+`"]`)
	}
	// A replacement of the same name can only be made once the old one is gone.
	response.DeleteBeforeReplace = len(response.Replaces) > 0 && hasName(news.Object) && !annotated(news, annotationAutonamed) &&
		sameOrUnknown(news, old.live.GetName(), "name") && sameOrUnknown(news, old.live.GetNamespace(), "namespace")
	return response, nil
}

// sameAnyway tells whether the change is none to the API server: the mark that a name was made.
func sameAnyway(c diff.Change) bool {
	return c.Path.String() == `metadata.annotations["`+annotationAutonamed+`"]`
}

// sameOrUnknown tells whether a metadata field is, or may turn out to be, the given one.
func sameOrUnknown(object *unstructured.Unstructured, value, field string) bool {
	metadata, ok := object.Object["metadata"].(map[string]any)
	if !ok {
		return true
	}
	text, isText := metadata[field].(string)
	return !isText && metadata[field] != nil || text == value
}

// mustStartOver tells whether a Job that asks for it by annotation has to be replaced because it did not succeed.
func (p *Provider) mustStartOver(ctx context.Context, old state, news *unstructured.Unstructured) bool {
	if !annotated(news, annotationReplace) || news.GetKind() != "Job" || p.Cluster.Unreachable(ctx) != nil {
		return false
	}
	client, err := p.Cluster.Resource(news.GroupVersionKind(), old.live.GetNamespace())
	if err != nil {
		return false
	}
	live, err := client.Get(ctx, old.live.GetName(), metav1.GetOptions{})
	return err == nil && p.waiter("").Look(ctx, live) != nil
}
