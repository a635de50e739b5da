// Package diagnose finds the pods behind an object and says why they do not run: state, message, events, last log lines.
package diagnose

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
)

// Finder asks one API server.
type Finder struct {
	Client kubernetes.Interface
}

// Pods lists the pods that belong to a workload or pod; other kinds have none.
func (f Finder) Pods(ctx context.Context, object *unstructured.Unstructured) ([]corev1.Pod, error) {
	selector, ok := podSelector(object)
	if !ok {
		return nil, nil
	}
	options := metav1.ListOptions{}
	if selector == nil {
		options.FieldSelector = "metadata.name=" + object.GetName()
	} else {
		options.LabelSelector = selector.String()
	}
	list, err := f.Client.CoreV1().Pods(object.GetNamespace()).List(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("cannot list the pods of %s %s: %w", object.GetKind(), object.GetName(), err)
	}
	return Of(object, list.Items), nil
}

// Of picks those of the pods that belong to the object.
func Of(object *unstructured.Unstructured, pods []corev1.Pod) []corev1.Pod {
	selector, ok := podSelector(object)
	if !ok {
		return nil
	}
	var own []corev1.Pod
	for _, pod := range pods {
		switch {
		case pod.Namespace != object.GetNamespace():
		case selector == nil && pod.Name == object.GetName():
			own = append(own, pod)
		case selector != nil && selector.Matches(labels.Set(pod.Labels)) && ownedBy(pod, object):
			own = append(own, pod)
		}
	}
	return own
}

// HasPods tells whether objects of the kind run pods.
func HasPods(object *unstructured.Unstructured) bool {
	_, ok := podSelector(object)
	return ok
}

// podSelector is what the labels of the object's pods match, nil for a pod itself.
func podSelector(object *unstructured.Unstructured) (selector labels.Selector, ok bool) {
	switch object.GroupVersionKind().GroupKind().String() {
	case "Pod":
		return nil, true
	case "Job.batch":
		return labels.SelectorFromSet(labels.Set{"job-name": object.GetName()}), true
	case "Deployment.apps", "StatefulSet.apps", "DaemonSet.apps", "ReplicaSet.apps":
	default:
		return nil, false
	}
	raw, found, err := unstructured.NestedMap(object.Object, "spec", "selector")
	if !found || err != nil {
		return labels.Nothing(), true
	}
	var parsed metav1.LabelSelector
	if err := fromUnstructured(raw, &parsed); err != nil {
		return labels.Nothing(), true
	}
	selector, err = metav1.LabelSelectorAsSelector(&parsed)
	if err != nil {
		return labels.Nothing(), true
	}
	return selector, true
}

// ownedBy tells whether the object controls the pod, a Deployment through one of its ReplicaSets. An object that is only
// known by its manifest has no UID: its kind and name must do.
func ownedBy(pod corev1.Pod, object *unstructured.Unstructured) bool {
	owner := metav1.GetControllerOf(&pod)
	if owner == nil {
		return false
	}
	if object.GetKind() == "Deployment" {
		hash := pod.Labels["pod-template-hash"]
		return owner.Kind == "ReplicaSet" && owner.Name == object.GetName()+"-"+hash
	}
	return owner.Kind == object.GetKind() && owner.Name == object.GetName() &&
		(object.GetUID() == "" || owner.UID == object.GetUID())
}
