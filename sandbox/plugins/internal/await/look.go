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

// settleTime is how long things that may never come are waited for: the official provider's time for a Service's
// endpoints to settle.
const settleTime = 10 * time.Second

// look judges an object of any kind; kinds without a notion of readiness are ready at once. since is when the wait began.
func look(
	ctx context.Context, client kubernetes.Interface, object *unstructured.Unstructured, since time.Time,
) (Verdict, error) {
	settled := time.Since(since) > settleTime
	switch object.GroupVersionKind().GroupKind().String() {
	case "Deployment.apps":
		return typed(object, deployment)
	case "StatefulSet.apps":
		return typed(object, statefulSet)
	case "DaemonSet.apps":
		return typed(object, daemonSet)
	case "Job.batch":
		return typed(object, job)
	case "Pod":
		return typed(object, pod)
	case "PersistentVolumeClaim":
		return lookAtClaim(ctx, client, object, settled)
	case "Namespace":
		return lookAtNamespace(ctx, client, object, settled)
	case "Service":
		return lookAtService(ctx, client, object, settled)
	case "CustomResourceDefinition.apiextensions.k8s.io":
		var crd struct {
			Status struct {
				Conditions []condition `json:"conditions"`
			} `json:"status"`
		}
		err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &crd)
		return established(crd.Status.Conditions), err
	}
	return ready, nil
}

// HasReadiness tells whether objects of the kind are something else than ready at once.
func HasReadiness(object *unstructured.Unstructured) bool {
	switch object.GroupVersionKind().GroupKind().String() {
	case "Deployment.apps", "StatefulSet.apps", "DaemonSet.apps", "Job.batch", "Pod", "PersistentVolumeClaim", "Service", "Namespace",
		"CustomResourceDefinition.apiextensions.k8s.io":
		return true
	}
	return false
}

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

func lookAtClaim(
	ctx context.Context, client kubernetes.Interface, object *unstructured.Unstructured, settled bool,
) (Verdict, error) {
	var c corev1.PersistentVolumeClaim
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &c); err != nil {
		return Verdict{}, err
	}
	waitsForConsumer := false
	if name := ptr.Deref(c.Spec.StorageClassName, ""); name != "" && c.Status.Phase != corev1.ClaimBound {
		class, err := client.StorageV1().StorageClasses().Get(ctx, name, metav1.GetOptions{})
		if err == nil {
			waitsForConsumer = ptr.Deref(class.VolumeBindingMode, "") == storagev1.VolumeBindingWaitForFirstConsumer
		}
	}
	return claim(&c, waitsForConsumer, settled), nil
}

// lookAtNamespace waits for the service account that pods have by default: without it they are refused.
func lookAtNamespace(
	ctx context.Context, client kubernetes.Interface, object *unstructured.Unstructured, settled bool,
) (Verdict, error) {
	_, err := client.CoreV1().ServiceAccounts(object.GetName()).Get(ctx, "default", metav1.GetOptions{})
	if apierrors.IsNotFound(err) && !settled {
		return waiting("[1/1] waiting for the default service account"), nil
	}
	// A cluster that does not let it be looked at, or makes none, is no reason to fail.
	return ready, nil
}

func lookAtService(
	ctx context.Context, client kubernetes.Interface, object *unstructured.Unstructured, settled bool,
) (Verdict, error) {
	var s corev1.Service
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &s); err != nil {
		return Verdict{}, err
	}
	slices, err := client.DiscoveryV1().EndpointSlices(s.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: "kubernetes.io/service-name=" + s.Name,
	})
	if err != nil {
		return Verdict{}, err
	}
	return service(&s, slices.Items, settled), nil
}
