package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
)

// resizer grows the volume of a claim that asks for more than it has: what a CSI driver's external-resizer does.
type resizer struct {
	client kubernetes.Interface
	claims coreinformers.PersistentVolumeClaimInformer
	store  *Store
	events record.EventRecorder
	queue  workqueue.TypedRateLimitingInterface[cache.ObjectName]
}

func newResizer(
	client kubernetes.Interface, claims coreinformers.PersistentVolumeClaimInformer, store *Store,
	events record.EventRecorder,
) *resizer {
	retries := workqueue.NewTypedItemExponentialFailureRateLimiter[cache.ObjectName](time.Second, time.Minute)
	r := &resizer{client, claims, store, events, workqueue.NewTypedRateLimitingQueue(retries)}
	enqueue := func(object any) {
		if claim, ok := object.(*v1.PersistentVolumeClaim); ok && wantsMore(claim) {
			r.queue.Add(cache.MetaObjectToName(claim))
		}
	}
	_, err := claims.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    enqueue,
		UpdateFunc: func(_, now any) { enqueue(now) },
	})
	if err != nil {
		panic(err) // only an informer that was stopped refuses a handler
	}
	return r
}

func (r *resizer) run(ctx context.Context) error {
	if !cache.WaitForCacheSync(ctx.Done(), r.claims.Informer().HasSynced) {
		return errors.New("claims were not listed")
	}
	for {
		name, stopped := r.queue.Get()
		if stopped {
			return nil
		}
		if err := r.grow(ctx, name); err != nil {
			klog.ErrorS(err, "claim not grown", "claim", name)
			r.queue.AddRateLimited(name)
		} else {
			r.queue.Forget(name)
		}
		r.queue.Done(name)
	}
}

// grow brings file system, volume and claim to the size that the claim asks for, in this order: each later one
// promises no more than what is there.
func (r *resizer) grow(ctx context.Context, name cache.ObjectName) error {
	claim, err := r.claims.Lister().PersistentVolumeClaims(name.Namespace).Get(name.Name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || !wantsMore(claim) {
		return err
	}
	volume, err := r.client.CoreV1().PersistentVolumes().Get(ctx, claim.Spec.VolumeName, metav1.GetOptions{})
	if err != nil || volume.Annotations["pv.kubernetes.io/provisioned-by"] != driver {
		return err
	}
	size := sizeOf(claim)
	if err := r.store.Grow(volume.Name, size); err != nil {
		r.events.Event(claim, v1.EventTypeWarning, "VolumeResizeFailed", err.Error())
		return err
	}
	capacity := map[string]any{"capacity": map[string]any{"storage": resource.NewQuantity(size, resource.BinarySI)}}
	patch, err := json.Marshal(map[string]any{"spec": capacity})
	if err != nil {
		return err
	}
	if _, err = r.client.CoreV1().PersistentVolumes().Patch(
		ctx, volume.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return err
	}
	if patch, err = json.Marshal(map[string]any{"status": capacity}); err != nil {
		return err
	}
	if _, err = r.client.CoreV1().PersistentVolumeClaims(claim.Namespace).Patch(
		ctx, claim.Name, types.MergePatchType, patch, metav1.PatchOptions{}, "status"); err != nil {
		return err
	}
	r.events.Eventf(claim, v1.EventTypeNormal, "VolumeResizeSuccessful", "file system grown to %d bytes", size)
	return nil
}

func wantsMore(claim *v1.PersistentVolumeClaim) bool {
	if claim.Status.Phase != v1.ClaimBound {
		return false
	}
	has := claim.Status.Capacity[v1.ResourceStorage]
	return sizeOf(claim) > has.Value()
}
