package objects

import (
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"google.golang.org/protobuf/types/known/structpb"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"lakehouse/sandbox/plugins/internal/props"
)

// The keys that the state has beside the object, as the official provider writes and reads them.
const (
	keyInputs       = "__inputs"
	keyAPIVersion   = "__initialApiVersion"
	keyFieldManager = "__fieldManager"
)

// lastApplied is kubectl's copy of what was applied: a Secret's would have its data in plain text.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// encodeState is the state of an object: as it is in the cluster, with the inputs that made it so. secrets are the inputs
// as the program gave them, with their secret marks.
func encodeState(
	inputs, live *unstructured.Unstructured, secrets resource.PropertyMap, manager string,
) (*structpb.Struct, error) {
	object := copyTree(live.Object).(map[string]any)
	unstructured.RemoveNestedField(object, "metadata", "managedFields")
	unstructured.RemoveNestedField(object, "metadata", "annotations", lastApplied)
	state, ins := props.FromObject(object), encodeInputs(inputs, secrets)
	markSecrets(state, secrets)
	state[keyInputs] = resource.NewObjectProperty(ins)
	state[keyAPIVersion] = resource.NewStringProperty(inputs.GetAPIVersion())
	state[keyFieldManager] = resource.NewStringProperty(manager)
	return props.Encode(state, "state")
}

// encodeInputs marks what is secret in the inputs as the program gave them, and a Secret's data in any case.
func encodeInputs(inputs *unstructured.Unstructured, secrets resource.PropertyMap) resource.PropertyMap {
	out := props.FromObject(inputs.Object)
	markSecrets(out, secrets)
	return out
}

func markSecrets(out, secrets resource.PropertyMap) {
	props.MarkSecrets(out, secrets)
	props.MarkSecretKind(out)
}

// state is what an earlier operation has left.
type state struct {
	inputs, live *unstructured.Unstructured
	manager      string
}

// decodeState reads a state. A resource that was only read from the cluster may have no inputs in it.
func decodeState(s *structpb.Struct) (state, error) {
	m, err := props.Decode(s, "state")
	if err != nil {
		return state{}, err
	}
	object := props.Object(m)
	out := state{live: &unstructured.Unstructured{Object: object}, inputs: &unstructured.Unstructured{Object: map[string]any{}}}
	if inputs, ok := object[keyInputs].(map[string]any); ok {
		out.inputs.Object = inputs
	}
	out.manager, _ = object[keyFieldManager].(string)
	for _, key := range []string{keyInputs, keyAPIVersion, keyFieldManager} {
		delete(object, key)
	}
	return out, nil
}
