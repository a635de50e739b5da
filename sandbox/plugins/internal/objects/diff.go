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

// Diff compares the inputs with the object as the last operation left it, of which only what its inputs had is of
// interest. What somebody else changed in the cluster shows after a refresh.
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
	news, _, err := inputs(req.GetNews(), gvk)
	if err != nil {
		return nil, err
	}
	news = normalize(news)
	olds := &unstructured.Unstructured{Object: prune(old.live.Object, normalize(old.inputs).Object)}
	p.scope(ctx, olds)
	p.scope(ctx, news)
	if olds.GroupVersionKind().Empty() {
		olds.SetGroupVersionKind(gvk)
	}
	// The name that was made for an object may be written into the program later.
	if news.GetName() != "" {
		olds.SetName(old.live.GetName())
	}
	changes := slices.DeleteFunc(diff.Compute(olds.Object, withoutKeys(olds.Object, news.Object)), func(c diff.Change) bool {
		return c.IgnoredBy(req.GetIgnoreChanges()) || sameAnyway(c)
	})
	fixed := p.Mutable.fixed(news)
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
		news.GetName() == old.live.GetName() && news.GetNamespace() == old.live.GetNamespace()
	return response, nil
}

// withoutKeys is the new version with no keys where it is a mapping that is not known as a whole: the official provider
// shows each of the old ones as removed.
func withoutKeys(old, new map[string]any) map[string]any {
	out := make(map[string]any, len(new))
	for key, value := range new {
		out[key] = value
		before, ok := old[key].(map[string]any)
		if !ok {
			continue
		}
		switch value := value.(type) {
		case resource.Computed:
			out[key] = map[string]any{}
		case map[string]any:
			out[key] = withoutKeys(before, value)
		}
	}
	return out
}

// sameAnyway tells whether the change is none to the API server: the mark that a name was made.
func sameAnyway(c diff.Change) bool {
	return c.Path.String() == `metadata.annotations["`+annotationAutonamed+`"]`
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
