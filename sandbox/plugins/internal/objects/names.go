package objects

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ID is an object's id in Pulumi: "namespace/name", or "name".
func ID(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

// ParseID is the reverse of ID.
func ParseID(id string) (namespace, name string) {
	if before, after, found := strings.Cut(id, "/"); found {
		return before, after
	}
	return "", id
}

// hasName tells whether the inputs name the object, be the name known yet or not.
func hasName(inputs map[string]any) bool {
	switch metadata := inputs["metadata"].(type) {
	case resource.Computed:
		return true
	case map[string]any:
		switch name := metadata["name"].(type) {
		case resource.Computed:
			return true
		case string:
			return name != ""
		}
	}
	return false
}

// autoname names an object that has no name: as before, or after the resource with a random tail. The annotation tells
// Diff that a replacement may have another name.
func autoname(news, olds *unstructured.Unstructured, req *pulumirpc.CheckRequest) error {
	if hasName(news.Object) {
		return nil
	}
	if news.GetGenerateName() != "" {
		return errors.New("metadata.generateName is set: the name must be known beforehand, " +
			"set metadata.name or leave both out to have one made")
	}
	name := ""
	switch {
	case olds.GetName() != "" && annotated(olds, annotationAutonamed):
		name = olds.GetName()
	case req.GetAutonaming().GetMode() == pulumirpc.CheckRequest_AutonamingOptions_DISABLE:
		return errors.New("metadata.name is missing: it must be set where autonaming is disabled")
	case req.GetAutonaming() != nil:
		name = req.GetAutonaming().GetProposedName()
	default:
		unique, err := resource.NewUniqueName(req.GetRandomSeed(), resource.URN(req.GetUrn()).Name()+"-", 0, 0, nil)
		if err != nil {
			return fmt.Errorf("cannot make a name: %w", err)
		}
		name = unique
	}
	if news.Object["metadata"] == nil {
		news.Object["metadata"] = map[string]any{}
	}
	if err := unstructured.SetNestedField(news.Object, name, "metadata", "name"); err != nil {
		return err
	}
	metadata := news.Object["metadata"].(map[string]any)
	switch annotations := metadata["annotations"].(type) {
	case nil:
		metadata["annotations"] = map[string]any{annotationAutonamed: "true"}
	case map[string]any:
		annotations[annotationAutonamed] = "true"
	}
	return nil
}
