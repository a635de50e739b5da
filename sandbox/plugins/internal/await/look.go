package await

import (
	"context"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
)

// judge tells of one object whether it is ready. It remembers what it saw before.
type judge struct {
	client kubernetes.Interface
	// before is the object before the change that is waited for, nil if it was created.
	before *unstructured.Unstructured
	// once says that this is one look at the object as it is, not a wait for a change.
	once      bool
	endpoints settling
}

// look judges an object of any kind; kinds without a notion of readiness are ready at once.
func (j *judge) look(ctx context.Context, object *unstructured.Unstructured) (Verdict, error) {
	switch object.GroupVersionKind().GroupKind().String() {
	case "Deployment.apps":
		return j.lookAtDeployment(ctx, object)
	case "StatefulSet.apps":
		return typed(object, statefulSet)
	case "DaemonSet.apps":
		return typed(object, daemonSet)
	case "Job.batch":
		return typed(object, job)
	case "Pod":
		return typed(object, pod)
	case "PersistentVolumeClaim":
		return j.lookAtClaim(ctx, object)
	case "Service":
		return j.lookAtService(ctx, object)
	}
	return ready, nil
}

// HasReadiness tells whether objects of the kind are something else than ready at once.
func HasReadiness(object *unstructured.Unstructured) bool {
	switch object.GroupVersionKind().GroupKind().String() {
	case "Deployment.apps", "StatefulSet.apps", "DaemonSet.apps", "Job.batch", "Pod", "PersistentVolumeClaim", "Service":
		return true
	}
	return false
}

// patience is how long a wait for the object lasts, and whether that time begins anew with each change of it.
func patience(object *unstructured.Unstructured, timeout time.Duration) (limit time.Duration, anew bool) {
	switch object.GroupVersionKind().GroupKind().String() {
	case "PersistentVolumeClaim":
		return claimTime, false
	case "Job.batch", "Pod":
		return timeout, true
	}
	return timeout, false
}

// claimTime is how long a claim is waited for, whatever the timeout says.
const claimTime = 5 * time.Minute

// kinds with a check of their own.
type checked interface {
	appsv1.Deployment | appsv1.StatefulSet | appsv1.DaemonSet | batchv1.Job | corev1.Pod
}

func typed[T checked](object *unstructured.Unstructured, check func(*T) Verdict) (Verdict, error) {
	var into T
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &into); err != nil {
		return Verdict{}, err
	}
	return check(&into), nil
}

func (j *judge) lookAtDeployment(ctx context.Context, object *unstructured.Unstructured) (Verdict, error) {
	replicaSets, err := j.client.AppsV1().ReplicaSets(object.GetNamespace()).List(ctx, metav1.ListOptions{})
	if err != nil {
		return Verdict{}, err
	}
	claims, err := j.client.CoreV1().PersistentVolumeClaims(object.GetNamespace()).List(ctx, metav1.ListOptions{})
	if err != nil {
		return Verdict{}, err
	}
	return typed(object, func(d *appsv1.Deployment) Verdict { return deployment(d, replicaSets.Items, claims.Items) })
}

func (j *judge) lookAtClaim(ctx context.Context, object *unstructured.Unstructured) (Verdict, error) {
	var c corev1.PersistentVolumeClaim
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &c); err != nil {
		return Verdict{}, err
	}
	waitsForConsumer := false
	if name := ptr.Deref(c.Spec.StorageClassName, ""); name != "" {
		class, err := j.client.StorageV1().StorageClasses().Get(ctx, name, metav1.GetOptions{})
		if err == nil {
			waitsForConsumer = ptr.Deref(class.VolumeBindingMode, "") == storagev1.VolumeBindingWaitForFirstConsumer
		}
	}
	return claim(&c, waitsForConsumer, j.before != nil || j.once), nil
}

func (j *judge) lookAtService(ctx context.Context, object *unstructured.Unstructured) (Verdict, error) {
	var s corev1.Service
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &s); err != nil {
		return Verdict{}, err
	}
	//nolint:staticcheck // What the official provider looks at.
	e, err := j.client.CoreV1().Endpoints(s.Namespace).Get(ctx, s.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		e = nil
	case err != nil:
		return Verdict{}, err
	}
	settled := j.once
	if !j.once {
		settled = j.endpoints.see(e, time.Now())
	}
	return service(&s, e, settled), nil
}
