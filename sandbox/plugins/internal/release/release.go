// Package release makes Helm releases of Pulumi resources, with Helm's own library.
package release

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"google.golang.org/protobuf/types/known/structpb"
	helmrelease "helm.sh/helm/v3/pkg/release"

	"lakehouse/sandbox/plugins/internal/cluster"
	"lakehouse/sandbox/plugins/internal/engine"
	"lakehouse/sandbox/plugins/internal/props"
)

// Provider handles the releases of one cluster. Safe for concurrent use.
type Provider struct {
	Cluster *cluster.Cluster
	Log     *engine.Log
	// Driver is where Helm keeps releases: "secret" (the default), "configmap" or "memory".
	Driver string
}

const keyInputs = "__inputs"

// encodeState is the state of a release: the inputs that it has (others than the program's, if somebody changed it), what
// Helm made of them, and the program's inputs, secret as a whole. Without a release (in a preview) the outputs are unknown.
func encodeState(live, inputs resource.PropertyMap, r *helmrelease.Release) (*structpb.Struct, error) {
	state := live.Copy()
	if r == nil {
		for _, key := range []resource.PropertyKey{"status", "resourceNames"} {
			state[key] = resource.MakeComputed(resource.NewStringProperty(""))
		}
	} else {
		status := map[string]any{
			"name": r.Name, "namespace": r.Namespace, "revision": float64(r.Version), "status": r.Info.Status.String(),
		}
		if r.Chart != nil && r.Chart.Metadata != nil {
			status["chart"], status["version"] = r.Chart.Metadata.Name, r.Chart.Metadata.Version
			status["appVersion"] = r.Chart.Metadata.AppVersion
		}
		names := map[string]any{}
		for kind, list := range resourceNames(r.Manifest) {
			items := make([]any, len(list))
			for i, name := range list {
				items[i] = name
			}
			names[kind] = items
		}
		state["status"] = resource.NewObjectProperty(resource.NewPropertyMapFromMap(status))
		state["resourceNames"] = resource.NewObjectProperty(resource.NewPropertyMapFromMap(names))
	}
	state[keyInputs] = resource.MakeSecret(resource.NewObjectProperty(inputs))
	return props.Encode(state, "state")
}

// decodeState reads a state: the inputs in it, and the release as it was described.
func decodeState(s *structpb.Struct) (inputs resource.PropertyMap, described spec, err error) {
	state, err := props.Decode(s, "state")
	if err != nil {
		return nil, spec{}, err
	}
	kept := state[keyInputs]
	if kept.IsSecret() {
		kept = kept.SecretValue().Element
	}
	if kept.IsObject() {
		inputs = kept.ObjectValue()
	}
	delete(state, keyInputs)
	delete(state, "status")
	delete(state, "resourceNames")
	described, err = decode(state)
	return inputs, described, err
}

// reachableError says that there is no cluster to work on.
func reachableError(err error) error {
	return fmt.Errorf("configured Kubernetes cluster is unreachable: %w", err)
}
