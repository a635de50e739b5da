package objects

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"lakehouse/sandbox/plugins/internal/props"
)

// Update changes the object in place and waits until it is ready. One that somebody deleted is an error. In a preview the
// API server is only asked whether it would.
func (p *Provider) Update(ctx context.Context, req *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	urn := resource.URN(req.GetUrn())
	gvk, patch, err := kindOf(urn)
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
	by, err := manager(object, old.manager)
	if err != nil {
		return nil, err
	}
	w := write{
		object: object, manager: by, dryRun: req.GetPreview(), force: p.Force || annotated(object, annotationPatchForce),
	}
	id := ID(object.GetNamespace(), object.GetName())
	summary := id + " was changed, but is not ready"
	before, live, err := p.change(ctx, w, patch, req.GetIgnoreChanges())
	switch {
	case err != nil && req.GetPreview() && apierrors.IsForbidden(err):
		return asGiven, nil
	case err != nil && before == nil:
		return nil, fmt.Errorf("%s %s was not changed; if it was deleted, pulumi refresh takes note of it: %w", object.GetKind(), id, err)
	case err != nil:
		// The state has the refused inputs beside the object as it is; it is marked as not ready, and tried again.
		live, summary = before, object.GetKind()+" "+id+" was not changed"
	case !req.GetPreview():
		live, err = p.await(ctx, urn, object, live, before, req.GetTimeout())
	}
	state, encodeErr := encodeState(object, live, secrets, w.manager)
	if encodeErr != nil {
		return nil, encodeErr
	}
	if err != nil {
		return nil, partial(id, summary, err, state)
	}
	return &pulumirpc.UpdateResponse{Properties: state}, nil
}

// change applies the object and returns it as it was before, nil if it is not there, and as it is now. Ignored fields keep
// the value that they have in the cluster.
func (p *Provider) change(
	ctx context.Context, w write, patch bool, ignored []string,
) (before, live *unstructured.Unstructured, err error) {
	client, err := p.Cluster.Resource(w.object.GroupVersionKind(), w.object.GetNamespace())
	if err != nil {
		return nil, nil, err
	}
	before, err = client.Get(ctx, w.object.GetName(), metav1.GetOptions{})
	if err != nil {
		return nil, nil, err
	}
	w.object = keepIgnored(w.object, before, ignored)
	switch {
	case w.dryRun:
		// The fields to take over cannot be moved in a dry run: they would show as a conflict.
		w.force = w.force || ownedOtherwise(before)
	case len(before.GetManagedFields()) == 0:
		w.force = true
	case !patch:
		if err := takeOver(ctx, client, before, w.manager); err != nil {
			return before, nil, err
		}
	}
	live, err = w.apply(ctx, client)
	return before, live, err
}

// ownedOtherwise tells whether the object has fields that this provider wrote otherwise than by server-side apply.
func ownedOtherwise(live *unstructured.Unstructured) bool {
	for _, entry := range live.GetManagedFields() {
		if entry.Operation == metav1.ManagedFieldsOperationUpdate && slices.Contains(ownManagers, entry.Manager) {
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
