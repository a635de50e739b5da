package objects

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"lakehouse/sandbox/plugins/internal/props"
)

// previewCreate asks the API server what it would make. Where it cannot tell, the inputs are all that is known.
func (p *Provider) previewCreate(
	ctx context.Context, object *unstructured.Unstructured, secrets resource.PropertyMap, patch bool,
	req *pulumirpc.CreateRequest,
) (*pulumirpc.CreateResponse, error) {
	asGiven := &pulumirpc.CreateResponse{Properties: req.GetProperties()}
	if props.HasUnknown(object.Object) || patch {
		return asGiven, nil
	}
	if err := p.Cluster.Unreachable(ctx); err != nil {
		p.Log.WarnOnce(fmt.Sprintf("configured Kubernetes cluster is unreachable: %v", err))
		return asGiven, nil
	}
	if !p.Cluster.Known(ctx, object.GroupVersionKind()) {
		return asGiven, nil
	}
	by, err := manager(object, "")
	if err != nil {
		return nil, err
	}
	w := write{object: object, manager: by, dryRun: true, force: true}
	made, err := p.once(object, func(client dynamic.ResourceInterface) (*unstructured.Unstructured, error) {
		made, err := w.create(ctx, client)
		if apierrors.IsAlreadyExists(err) && p.Upsert {
			return w.tryOver(ctx, client)
		}
		return made, err
	})
	switch {
	// What exists already may be about to be replaced.
	case apierrors.IsAlreadyExists(err), err != nil && previewImpossible(err):
		return asGiven, nil
	case err != nil:
		return nil, createError(object, err)
	}
	forgetInvented(made)
	state, err := encodeState(object, made, secrets, w.manager)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.CreateResponse{Properties: state}, nil
}

// tryOver is the dry run of an object that exists already, to be taken over or, which nobody tells, to be replaced. What
// cannot be changed in the one that exists says nothing about the one that replaces it: that is tried under another name.
func (w write) tryOver(ctx context.Context, client dynamic.ResourceInterface) (*unstructured.Unstructured, error) {
	made, err := w.apply(ctx, client)
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), validation.FieldImmutableErrorMsg) {
		return made, err
	}
	probe := w
	probe.object = &unstructured.Unstructured{Object: copyTree(w.object.Object).(map[string]any)}
	sum := sha256.Sum256([]byte(w.object.GetName()))
	probe.object.SetName("preview-" + hex.EncodeToString(sum[:8]))
	made, err = probe.create(ctx, client)
	if err != nil {
		return nil, err
	}
	made.SetName(w.object.GetName())
	return made, nil
}

// previewImpossible tells whether a dry run failed for a reason that the real run may not have: no right to, a webhook
// that does not take part, a namespace or kind that is yet to be made.
func previewImpossible(err error) bool {
	return missing(err) || apierrors.IsForbidden(err) ||
		apierrors.IsBadRequest(err) && strings.Contains(err.Error(), "dry run")
}

// forgetInvented makes unknown what a dry run makes up and the real run makes anew.
func forgetInvented(object *unstructured.Unstructured) {
	unstructured.RemoveNestedField(object.Object, "status")
	unknown := resource.Computed{Element: resource.NewStringProperty("")}
	if metadata, ok := object.Object["metadata"].(map[string]any); ok {
		for _, field := range []string{"uid", "creationTimestamp", "resourceVersion"} {
			metadata[field] = unknown
		}
	}
	if spec, ok := object.Object["spec"].(map[string]any); ok && object.GetKind() == "Service" && spec["clusterIP"] != "None" {
		spec["clusterIP"], spec["clusterIPs"] = unknown, unknown
	}
}
