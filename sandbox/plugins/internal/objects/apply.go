package objects

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/util/csaupgrade"
)

// ownManagers are the managers under which this provider and the official one write fields otherwise than by server-side
// apply.
var ownManagers = []string{"pulumi-kubernetes", "pulumi-kubernetes.exe", "pulumi-resource-kubernetes"}

// updateManagers are what the names of managers begin with whose fields become the resource's own, unless they were
// written by server-side apply: the provider's, and kubectl's whatever the command.
var updateManagers = append([]string{"kubectl", "before-first-apply"}, ownManagers...)

const createManager = "pulumi-kubernetes"

// write is one request that makes or changes an object.
type write struct {
	object  *unstructured.Unstructured
	manager string
	dryRun  bool
	force   bool
}

func (w write) dryRuns() []string {
	if w.dryRun {
		return []string{metav1.DryRunAll}
	}
	return nil
}

// create makes the object; one that exists already is an error.
func (w write) create(ctx context.Context, client dynamic.ResourceInterface) (*unstructured.Unstructured, error) {
	return client.Create(ctx, w.object, metav1.CreateOptions{
		DryRun: w.dryRuns(), FieldManager: createManager, FieldValidation: metav1.FieldValidationStrict,
	})
}

// apply makes or changes the object by server-side apply.
func (w write) apply(ctx context.Context, client dynamic.ResourceInterface) (*unstructured.Unstructured, error) {
	body, err := json.Marshal(w.object.Object)
	if err != nil {
		return nil, err
	}
	live, err := client.Patch(ctx, w.object.GetName(), types.ApplyPatchType, body, metav1.PatchOptions{
		DryRun: w.dryRuns(), FieldManager: w.manager, Force: &w.force, FieldValidation: metav1.FieldValidationStrict,
	})
	if apierrors.IsConflict(err) {
		return nil, fmt.Errorf("somebody else manages fields that are to be changed: leave them out, or take them with the "+
			"annotation %s: \"true\" or the provider's enablePatchForce: %w", annotationPatchForce, err)
	}
	return live, err
}

// takeOver moves fields that were written otherwise than by server-side apply to the resource's manager: else what the
// inputs no longer have would stay.
func takeOver(ctx context.Context, client dynamic.ResourceInterface, live *unstructured.Unstructured, manager string) error {
	theirs := sets.New[string]()
	for _, entry := range live.GetManagedFields() {
		known := slices.ContainsFunc(updateManagers, func(prefix string) bool { return strings.HasPrefix(entry.Manager, prefix) })
		if known && entry.Operation == metav1.ManagedFieldsOperationUpdate {
			theirs.Insert(entry.Manager)
		}
	}
	patch, err := csaupgrade.UpgradeManagedFieldsPatch(live, theirs, manager)
	if err != nil || len(patch) == 0 {
		return err
	}
	_, err = client.Patch(ctx, live.GetName(), types.JSONPatchType, patch, metav1.PatchOptions{})
	return err
}

const (
	// attempts to make an object whose kind or namespace is not there yet, and the first pause between them, doubled each
	// time: the official provider's.
	attempts   = 5
	firstPause = time.Second
)

// eventually does what needs a kind and a namespace that may be about to be made.
func (p *Provider) eventually(
	ctx context.Context, urn resource.URN, object *unstructured.Unstructured,
	do func(dynamic.ResourceInterface) (*unstructured.Unstructured, error),
) (*unstructured.Unstructured, error) {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		live, err := p.once(object, do)
		if err == nil || attempt > attempts || !missing(err) {
			return live, err
		}
		p.Log.Status(string(urn), fmt.Sprintf("attempt %d of %d: %v", attempt, attempts+1, err))
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err)
		case <-time.After(pause):
		}
		pause *= 2
	}
}

func (p *Provider) once(
	object *unstructured.Unstructured, do func(dynamic.ResourceInterface) (*unstructured.Unstructured, error),
) (*unstructured.Unstructured, error) {
	client, err := p.Cluster.Resource(object.GroupVersionKind(), object.GetNamespace())
	if err != nil {
		return nil, err
	}
	return do(client)
}

// missing tells whether the error says that the object's kind or namespace is not there.
func missing(err error) bool { return meta.IsNoMatchError(err) || apierrors.IsNotFound(err) }
