package props

import (
	"math"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Plain removes the secret marks, at every depth. Unknown values stay.
func Plain(m resource.PropertyMap) resource.PropertyMap {
	out := resource.PropertyMap{}
	for k, v := range m {
		out[k] = plainValue(v)
	}
	return out
}

func plainValue(v resource.PropertyValue) resource.PropertyValue {
	switch {
	case v.IsSecret():
		return plainValue(v.SecretValue().Element)
	case v.IsOutput():
		if !v.OutputValue().Known {
			return resource.MakeComputed(resource.NewStringProperty(""))
		}
		return plainValue(v.OutputValue().Element)
	case v.IsObject():
		return resource.NewObjectProperty(Plain(v.ObjectValue()))
	case v.IsArray():
		items := make([]resource.PropertyValue, len(v.ArrayValue()))
		for i, item := range v.ArrayValue() {
			items[i] = plainValue(item)
		}
		return resource.NewArrayProperty(items)
	default:
		return v
	}
}

// Object is the plain Go data of properties, as JSON would be read: maps, slices, strings, booleans, int64 for whole
// numbers, float64. An unknown value stays a resource.Computed.
func Object(m resource.PropertyMap) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[toKubernetesKey(string(k))] = objectValue(plainValue(v))
	}
	return out
}

func objectValue(v resource.PropertyValue) any {
	switch {
	case v.IsNull():
		return nil
	case v.IsComputed():
		return v.V
	case v.IsObject():
		return Object(v.ObjectValue())
	case v.IsArray():
		items := make([]any, len(v.ArrayValue()))
		for i, item := range v.ArrayValue() {
			items[i] = objectValue(item)
		}
		return items
	case v.IsNumber():
		if n := v.NumberValue(); n == math.Trunc(n) && math.Abs(n) < 1<<53 {
			return int64(n)
		}
		return v.NumberValue()
	default:
		return v.V
	}
}

// FromObject is the reverse of Object.
func FromObject(o map[string]any) resource.PropertyMap {
	return resource.NewPropertyMapFromMapRepl(o, fromKubernetesKey, nil)
}

// HasUnknown tells whether anything in the data is not known yet.
func HasUnknown(v any) bool {
	switch v := v.(type) {
	case resource.Computed:
		return true
	case map[string]any:
		for _, item := range v {
			if HasUnknown(item) {
				return true
			}
		}
	case []any:
		for _, item := range v {
			if HasUnknown(item) {
				return true
			}
		}
	}
	return false
}

// kubernetesKeys are the keys of a CustomResourceDefinition's schema that Pulumi's SDKs write with underscores.
var kubernetesKeys = map[string]string{
	"x_kubernetes_embedded_resource":       "x-kubernetes-embedded-resource",
	"x_kubernetes_int_or_string":           "x-kubernetes-int-or-string",
	"x_kubernetes_list_map_keys":           "x-kubernetes-list-map-keys",
	"x_kubernetes_list_type":               "x-kubernetes-list-type",
	"x_kubernetes_map_type":                "x-kubernetes-map-type",
	"x_kubernetes_preserve_unknown_fields": "x-kubernetes-preserve-unknown-fields",
	"x_kubernetes_validations":             "x-kubernetes-validations",
}

func toKubernetesKey(key string) string {
	if dashed, ok := kubernetesKeys[key]; ok {
		return dashed
	}
	return key
}

func fromKubernetesKey(key string) (resource.PropertyKey, bool) {
	for underscored, dashed := range kubernetesKeys {
		if key == dashed {
			return resource.PropertyKey(underscored), true
		}
	}
	return "", false
}
