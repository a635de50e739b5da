package objects

import (
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"lakehouse/sandbox/plugins/internal/await"
)

// The annotations by which a program steers the provider, as the official one has them.
const (
	annotationAutonamed    = "pulumi.com/autonamed"
	annotationSkipAwait    = "pulumi.com/skipAwait"
	annotationWaitFor      = "pulumi.com/waitFor"
	annotationTimeout      = "pulumi.com/timeoutSeconds"
	annotationReplace      = "pulumi.com/replaceUnready"
	annotationPatchForce   = "pulumi.com/patchForce"
	annotationFieldManager = "pulumi.com/patchFieldManager"
	annotationPropagation  = "pulumi.com/deletionPropagationPolicy"
)

// annotation reads an annotation; "" if it is missing or not known yet.
func annotation(object *unstructured.Unstructured, name string) string {
	// Not GetAnnotations: it gives none at all when one of them is not known yet.
	value, _, _ := unstructured.NestedString(object.Object, "metadata", "annotations", name)
	return value
}

func annotated(object *unstructured.Unstructured, name string) bool {
	return annotation(object, name) == "true"
}

// timeout is how long an operation may take: the resource's customTimeouts (in seconds), else its annotation, else the
// default.
func timeout(seconds float64, inputs *unstructured.Unstructured) time.Duration {
	if seconds > 0 {
		return time.Duration(seconds * float64(time.Second))
	}
	if n, err := strconv.Atoi(annotation(inputs, annotationTimeout)); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	return await.DefaultTimeout
}

// propagation says what becomes of an object's dependents when it is deleted.
func propagation(inputs *unstructured.Unstructured) metav1.DeletionPropagation {
	switch strings.ToLower(annotation(inputs, annotationPropagation)) {
	case "orphan":
		return metav1.DeletePropagationOrphan
	case "background":
		return metav1.DeletePropagationBackground
	default:
		return metav1.DeletePropagationForeground
	}
}
