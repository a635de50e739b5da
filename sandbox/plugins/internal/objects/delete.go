package objects

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// Delete deletes the object and waits until it is gone. One that is gone already is fine.
func (p *Provider) Delete(ctx context.Context, req *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	urn := resource.URN(req.GetUrn())
	gvk, patch, err := kindOf(urn)
	if err != nil {
		return nil, err
	}
	if err := p.reachable(ctx); err != nil {
		if p.DeleteUnreachable {
			p.Log.Warn(req.GetUrn(), fmt.Sprintf("%v; forgotten, since deleteUnreachable is set", err))
			return &emptypb.Empty{}, nil
		}
		return nil, fmt.Errorf("%w; if the cluster is gone for good, set PULUMI_K8S_DELETE_UNREACHABLE=true to forget what was in it", err)
	}
	old, err := decodeState(req.GetProperties())
	if err != nil {
		return nil, err
	}
	namespace, name := ParseID(req.GetId())
	target := old.live
	if target.GetKind() == "" {
		target.SetGroupVersionKind(gvk)
	}
	target.SetNamespace(namespace)
	target.SetName(name)
	client, err := p.Cluster.Resource(target.GroupVersionKind(), namespace)
	switch {
	case err != nil && missing(err):
		return &emptypb.Empty{}, nil
	case err != nil:
		return nil, err
	}
	if patch {
		return &emptypb.Empty{}, giveUp(ctx, client, target, old.manager)
	}
	policy := propagation(old.inputs)
	err = client.Delete(ctx, name, metav1.DeleteOptions{PropagationPolicy: &policy})
	switch {
	case err != nil && missing(err):
		return &emptypb.Empty{}, nil
	case err != nil:
		return nil, fmt.Errorf("%s %s was not deleted: %w", target.GetKind(), req.GetId(), err)
	}
	if annotated(old.inputs, annotationSkipAwait) && skipsDeletion(target) {
		return &emptypb.Empty{}, nil
	}
	err = p.waiter(urn).Gone(ctx, target, timeout(req.GetTimeout(), old.inputs))
	p.Log.Status(req.GetUrn(), "")
	if err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}

// skipsDeletion tells whether skipAwait holds for the deletion of the kind too, as in the official provider.
func skipsDeletion(object *unstructured.Unstructured) bool {
	return slices.Contains([]string{"Namespace", "Pod", "ReplicationController", "DaemonSet", "Deployment", "StatefulSet", "Job"},
		object.GetKind())
}

// giveUp drops the fields that a patch manages: an object applied with none of them has none of them.
func giveUp(ctx context.Context, client dynamic.ResourceInterface, target *unstructured.Unstructured, manager string) error {
	bare := &unstructured.Unstructured{Object: map[string]any{}}
	bare.SetGroupVersionKind(target.GroupVersionKind())
	bare.SetName(target.GetName())
	if target.GetNamespace() != "" {
		bare.SetNamespace(target.GetNamespace())
	}
	body, err := json.Marshal(bare.Object)
	if err != nil {
		return err
	}
	if _, err := client.Get(ctx, target.GetName(), metav1.GetOptions{}); apierrors.IsNotFound(err) {
		return nil
	}
	_, err = client.Patch(ctx, target.GetName(), types.ApplyPatchType, body, metav1.PatchOptions{FieldManager: manager})
	return err
}
