package objects

import (
	"encoding/base64"
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"

	"lakehouse/sandbox/plugins/internal/props"
)

// serverFields are the metadata that only the API server sets.
var serverFields = []string{
	"creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields",
	"resourceVersion", "uid",
}

// normalize gives an object the form in which two that mean the same are equal: quantities in their canonical form,
// zero values left out, a Secret's stringData in its data. What Kubernetes does not know of stays as it is, for the API
// server to refuse, and so does the whole object while a value in it is not known.
func normalize(object *unstructured.Unstructured) *unstructured.Unstructured {
	out := &unstructured.Unstructured{Object: copyTree(object.Object).(map[string]any)}
	if !props.HasUnknown(out.Object) {
		mergeStringData(out)
		if typed := throughType(out); typed != nil {
			out.Object = prune(typed, out.Object)
		}
	}
	if metadata, ok := out.Object["metadata"].(map[string]any); ok {
		for _, field := range serverFields {
			delete(metadata, field)
		}
	}
	return out
}

// throughType converts the object to its Go type and back; nil if it has none or does not fit it.
func throughType(object *unstructured.Unstructured) map[string]any {
	into, err := scheme.Scheme.New(object.GroupVersionKind())
	if err != nil {
		return nil
	}
	converter := runtime.DefaultUnstructuredConverter
	// Fields unknown to the type are an error here: dropping them would hide a mistake.
	if err := converter.FromUnstructuredWithValidation(object.Object, into, true); err != nil {
		return nil
	}
	out, err := converter.ToUnstructured(into)
	if err != nil {
		return nil
	}
	return out
}

// mergeStringData does with a Secret what the API server does: stringData goes, encoded, into data.
func mergeStringData(object *unstructured.Unstructured) {
	if object.GetKind() != "Secret" || object.GetAPIVersion() != "v1" {
		return
	}
	texts, ok := object.Object["stringData"].(map[string]any)
	if !ok {
		return
	}
	data, ok := object.Object["data"].(map[string]any)
	if !ok {
		if object.Object["data"] != nil {
			return
		}
		data = map[string]any{}
	}
	for key, value := range texts {
		text, ok := value.(string)
		if !ok {
			return
		}
		data[key] = base64.StdEncoding.EncodeToString([]byte(text))
	}
	object.Object["data"] = data
	delete(object.Object, "stringData")
}

// prune keeps of an object what the shape has too, at every depth. Lists are matched item by item; what a list has beyond
// the shape's is left out.
func prune(object, shape map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range object {
		if s, ok := shape[key]; ok {
			out[key] = pruneValue(value, s)
		}
	}
	return out
}

func pruneValue(value, shape any) any {
	if reflect.TypeOf(value) != reflect.TypeOf(shape) {
		return value
	}
	switch value := value.(type) {
	case map[string]any:
		return prune(value, shape.(map[string]any))
	case []any:
		shapes := shape.([]any)
		out := make([]any, min(len(value), len(shapes)))
		for i := range out {
			out[i] = pruneValue(value[i], shapes[i])
		}
		return out
	}
	return value
}

// copyTree copies maps and lists; leaves, unknown values among them, are shared.
func copyTree(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			out[k] = copyTree(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = copyTree(item)
		}
		return out
	}
	return v
}
