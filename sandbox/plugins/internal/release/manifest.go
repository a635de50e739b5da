package release

import (
	"fmt"
	"maps"
	"slices"

	"helm.sh/helm/v3/pkg/releaseutil"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// parse reads the objects of a rendered manifest. What is not an object is left out.
func parse(manifest, namespace string) []*unstructured.Unstructured {
	var objects []*unstructured.Unstructured
	parts := releaseutil.SplitManifests(manifest)
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(parts[name]), &object); err != nil {
			continue
		}
		u := &unstructured.Unstructured{Object: object}
		if u.GetKind() == "" || u.GetName() == "" {
			continue
		}
		if u.GetNamespace() == "" {
			u.SetNamespace(namespace)
		}
		objects = append(objects, u)
	}
	return objects
}

// resourceNames are the objects of a release: names by "Kind.group/apiVersion", as the official provider has them.
func resourceNames(manifest string) map[string][]string {
	names := map[string][]string{}
	for _, object := range parse(manifest, "") {
		key := fmt.Sprintf("%s/%s", object.GroupVersionKind().GroupKind(), object.GetAPIVersion())
		name := object.GetName()
		if object.GetNamespace() != "" {
			name = object.GetNamespace() + "/" + name
		}
		names[key] = append(names[key], name)
	}
	for _, list := range names {
		slices.Sort(list)
	}
	return names
}
