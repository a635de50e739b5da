package objects

import (
	"context"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"lakehouse/sandbox/plugins/internal/props"
)

// Update changes the object in place and waits until it is ready. An object that somebody deleted is made again. In a
// preview the API server is only asked whether it would.
func (p *Provider) Update(ctx context.Context, req *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	urn := resource.URN(req.GetUrn())
	gvk, _, err := kindOf(urn)
	if err != nil {
		return nil, err
	}
	object, secrets, err := inputs(req.GetNews(), gvk)
	if err != nil {
		return nil, err
	}
	old, err := decodeState(req.GetOlds())
	if err != nil {
		return nil, err
	}
	asGiven := &pulumirpc.UpdateResponse{Properties: req.GetNews()}
	if req.GetPreview() {
		if err := p.Cluster.Unreachable(ctx); err != nil {
			p.Log.WarnOnce(fmt.Sprintf("configured Kubernetes cluster is unreachable: %v", err))
			return asGiven, nil
		}
		if props.HasUnknown(object.Object) || !p.Cluster.Known(ctx, gvk) {
			return asGiven, nil
		}
	} else if err := p.reachable(ctx); err != nil {
		return nil, err
	}
	p.scope(ctx, object)
	w := write{
		object: object, manager: manager(urn, object, old.manager), dryRun: req.GetPreview(),
		force: p.Force || annotated(object, annotationPatchForce),
	}
	made, err := p.once(object, func(client dynamic.ResourceInterface) (*unstructured.Unstructured, error) {
		return p.change(ctx, client, w, req.GetIgnoreChanges())
	})
	if err != nil {
		if req.GetPreview() && previewImpossible(err) {
			return asGiven, nil
		}
		return nil, fmt.Errorf("%s %s was not changed: %w",
			object.GetKind(), ID(object.GetNamespace(), object.GetName()), err)
	}
	live, awaitErr := made, error(nil)
	if !req.GetPreview() {
		live, awaitErr = p.await(ctx, urn, object, made, req.GetTimeout())
	}
	state, err := encodeState(object, live, secrets, w.manager)
	if err != nil {
		return nil, err
	}
	if awaitErr != nil {
		id := ID(live.GetNamespace(), live.GetName())
		return nil, partial(id, fmt.Sprintf("%s was changed, but is not ready", id), awaitErr, state)
	}
	return &pulumirpc.UpdateResponse{Properties: state}, nil
}

// change applies the object. Ignored fields keep the value that they have in the cluster.
func (p *Provider) change(
	ctx context.Context, client dynamic.ResourceInterface, w write, ignored []string,
) (*unstructured.Unstructured, error) {
	live, err := client.Get(ctx, w.object.GetName(), metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return w.apply(ctx, client)
	case err != nil:
		return nil, err
	}
	w.object = keepIgnored(w.object, live, ignored)
	if w.dryRun {
		// The fields to take over cannot be moved in a dry run: they would show as a conflict.
		w.force = w.force || ownedOtherwise(live)
	} else if err := takeOver(ctx, client, live, w.manager); err != nil {
		return nil, err
	}
	return w.apply(ctx, client)
}

// ownedOtherwise tells whether takeOver has something to do.
func ownedOtherwise(live *unstructured.Unstructured) bool {
	for _, entry := range live.GetManagedFields() {
		if entry.Operation == metav1.ManagedFieldsOperationUpdate && updateManagers.Has(entry.Manager) {
			return true
		}
	}
	return len(live.GetManagedFields()) == 0
}

// keepIgnored gives the ignored fields of the object, those in lists aside, their live values.
func keepIgnored(object, live *unstructured.Unstructured, ignored []string) *unstructured.Unstructured {
	if len(ignored) == 0 {
		return object
	}
	out := &unstructured.Unstructured{Object: copyTree(object.Object).(map[string]any)}
	for _, text := range ignored {
		path, err := resource.ParsePropertyPath(text)
		if err != nil {
			continue
		}
		var fields []string
		for _, step := range path {
			if key, ok := step.(string); ok && key != "*" {
				fields = append(fields, key)
			}
		}
		if len(fields) != len(path) || strings.HasPrefix(text, "status") {
			continue
		}
		if value, found, err := unstructured.NestedFieldCopy(live.Object, fields...); err == nil && found {
			_ = unstructured.SetNestedField(out.Object, value, fields...)
		}
	}
	return out
}
