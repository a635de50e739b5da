// Package objects makes Kubernetes objects of Pulumi resources: checks, compares, applies, awaits and deletes them.
package objects

import (
	"context"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"google.golang.org/protobuf/types/known/structpb"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"lakehouse/sandbox/plugins/internal/await"
	"lakehouse/sandbox/plugins/internal/cluster"
	"lakehouse/sandbox/plugins/internal/engine"
	"lakehouse/sandbox/plugins/internal/props"
)

// Provider handles the objects of one cluster. Safe for concurrent use.
type Provider struct {
	Cluster *cluster.Cluster
	Log     *engine.Log
	Mutable Mutability
	// Upsert lets Create take over an object that exists already.
	Upsert bool
	// Force takes fields from other managers.
	Force bool
	// DeleteUnreachable forgets resources of a cluster that does not answer; SkipUnreachable leaves them as they are.
	DeleteUnreachable, SkipUnreachable bool
}

// kindOf reads a type token "kubernetes:group/version:Kind" ("core/v1" for the core group). Patch resources are of the
// kind that they patch.
func kindOf(urn resource.URN) (gvk schema.GroupVersionKind, patch bool, err error) {
	parts := strings.Split(string(urn.Type()), ":")
	if len(parts) != 3 {
		return gvk, false, fmt.Errorf("%s is not a kubernetes:group/version:Kind", urn.Type())
	}
	gv, err := schema.ParseGroupVersion(parts[1])
	if err != nil {
		return gvk, false, fmt.Errorf("%s: %w", urn.Type(), err)
	}
	if gv.Group == "core" {
		gv.Group = ""
	}
	kind := parts[2]
	// The SDK's own resources for patches are of Kubernetes' own kinds; a custom kind may end in the same word.
	if trimmed := strings.TrimSuffix(kind, "Patch"); trimmed != kind && trimmed != "" && cluster.Builtin(gv.WithKind(trimmed)) {
		return gv.WithKind(trimmed), true, nil
	}
	return gv.WithKind(kind), false, nil
}

// inputs reads an object's properties off the wire: as plain data, and with their secret marks. The kind is the resource
// type's where the program leaves it out.
func inputs(s *structpb.Struct, gvk schema.GroupVersionKind) (*unstructured.Unstructured, resource.PropertyMap, error) {
	m, err := props.Decode(s, "inputs")
	if err != nil {
		return nil, nil, err
	}
	object := &unstructured.Unstructured{Object: props.Object(m)}
	if object.GetKind() == "" {
		object.SetKind(gvk.Kind)
	}
	if object.GetAPIVersion() == "" || strings.HasPrefix(object.GetAPIVersion(), "core/") {
		object.SetAPIVersion(gvk.GroupVersion().String())
	}
	return object, m, nil
}

// manager names the resource as a manager of fields: as it chose, as the state says, or by chance.
func manager(object *unstructured.Unstructured, old string) (string, error) {
	if chosen := annotation(object, annotationFieldManager); chosen != "" {
		return chosen, nil
	}
	if old != "" {
		return old, nil
	}
	return resource.NewUniqueName(nil, "pulumi-kubernetes-", 0, 0, nil)
}

// waiter reports to the resource's status line.
func (p *Provider) waiter(urn resource.URN) await.Waiter {
	return await.Waiter{Cluster: p.Cluster, Progress: func(text string) { p.Log.Status(string(urn), text) }}
}

// reachable is nil if the cluster answers; else an error that says so.
func (p *Provider) reachable(ctx context.Context) error {
	if err := p.Cluster.Unreachable(ctx); err != nil {
		return fmt.Errorf("configured Kubernetes cluster is unreachable: %w", err)
	}
	return nil
}

// scope gives the object the namespace that it lives in: the provider's if it has none, none if its kind has none.
func (p *Provider) scope(ctx context.Context, object *unstructured.Unstructured) {
	if !p.Cluster.Namespaced(ctx, object.GroupVersionKind()) {
		unstructured.RemoveNestedField(object.Object, "metadata", "namespace")
		return
	}
	metadata, ok := object.Object["metadata"].(map[string]any)
	if !ok {
		return
	}
	if namespace, ok := metadata["namespace"]; !ok || namespace == nil || namespace == "" {
		metadata["namespace"] = p.Cluster.Namespace
	}
}
