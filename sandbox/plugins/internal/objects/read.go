package objects

import (
	"context"
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"lakehouse/sandbox/plugins/internal/await"
	"lakehouse/sandbox/plugins/internal/props"
)

// gone makes the engine forget the resource.
var gone = &pulumirpc.ReadResponse{}

// Read brings back the object as it is in the cluster: for a refresh, an import, or a resource that is only looked up.
func (p *Provider) Read(ctx context.Context, req *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	urn := resource.URN(req.GetUrn())
	gvk, _, err := kindOf(urn)
	if err != nil {
		return nil, err
	}
	if err := p.reachable(ctx); err != nil {
		return p.readUnreachable(req, err)
	}
	namespace, name := ParseID(req.GetId())
	known := len(req.GetInputs().GetFields()) > 0
	ins, secrets, err := inputs(req.GetInputs(), gvk)
	if err != nil {
		return nil, err
	}
	old, err := decodeState(req.GetProperties())
	if err != nil {
		return nil, err
	}
	live, err := p.get(ctx, ins.GroupVersionKind(), namespace, name)
	switch {
	case err != nil && missing(err):
		return gone, nil
	case err != nil:
		return nil, fmt.Errorf("cannot read %s %s: %w", gvk.Kind, req.GetId(), err)
	}
	now := liveInputs(live, ins, known)
	encoded, err := props.Encode(encodeInputs(now, secrets), "inputs")
	if err != nil {
		return nil, err
	}
	by, err := manager(now, old.manager)
	if err != nil {
		return nil, err
	}
	state, err := encodeState(now, live, secrets, by)
	if err != nil {
		return nil, err
	}
	if known && !annotated(ins, annotationSkipAwait) {
		var notReady *await.NotReady
		if err := p.waiter(urn).Look(ctx, live); errors.As(err, &notReady) && readable(live) {
			return nil, partialRead(req.GetId(), notReady, state, encoded)
		}
	}
	return &pulumirpc.ReadResponse{Id: req.GetId(), Properties: state, Inputs: encoded}, nil
}

// readable tells whether a refresh judges objects of the kind: a claim that waits for its first consumer, for one, is
// nobody's failure.
func readable(object *unstructured.Unstructured) bool {
	switch object.GetKind() {
	case "Deployment", "StatefulSet", "DaemonSet", "Job", "Pod", "Service":
		return true
	}
	return false
}

func (p *Provider) get(
	ctx context.Context, gvk schema.GroupVersionKind, namespace, name string,
) (*unstructured.Unstructured, error) {
	target := &unstructured.Unstructured{Object: map[string]any{}}
	target.SetGroupVersionKind(gvk)
	target.SetNamespace(namespace)
	return p.once(target, func(client dynamic.ResourceInterface) (*unstructured.Unstructured, error) {
		return client.Get(ctx, name, metav1.GetOptions{})
	})
}

// readUnreachable is what a refresh finds where the cluster does not answer.
func (p *Provider) readUnreachable(req *pulumirpc.ReadRequest, err error) (*pulumirpc.ReadResponse, error) {
	switch {
	case p.DeleteUnreachable:
		p.Log.Warn(req.GetUrn(), fmt.Sprintf("%v; forgotten, since deleteUnreachable is set", err))
		return gone, nil
	case p.SkipUnreachable:
		p.Log.Warn(req.GetUrn(), fmt.Sprintf("%v; left as it was, since skipUpdateUnreachable is set", err))
		return &pulumirpc.ReadResponse{Id: req.GetId(), Properties: req.GetProperties(), Inputs: req.GetInputs()}, nil
	}
	return nil, fmt.Errorf("%w; if the cluster is gone for good, set PULUMI_K8S_DELETE_UNREACHABLE=true to forget what was in it", err)
}

// liveInputs are the inputs that would give the object as it is. Of an object whose inputs are known, only what they have
// is of interest; of another, all but what the API server made.
func liveInputs(live, ins *unstructured.Unstructured, known bool) *unstructured.Unstructured {
	if known {
		return &unstructured.Unstructured{Object: prune(live.Object, normalize(ins).Object)}
	}
	out := &unstructured.Unstructured{Object: copyTree(live.Object).(map[string]any)}
	delete(out.Object, "status")
	for _, path := range [][]string{
		{"metadata", "annotations", lastApplied},
		{"metadata", "annotations", "deployment.kubernetes.io/revision"},
		{"metadata", "selfLink"},
	} {
		unstructured.RemoveNestedField(out.Object, path...)
	}
	return normalize(out)
}
