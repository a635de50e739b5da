package release

import (
	"context"
	"fmt"
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
	helmrelease "helm.sh/helm/v3/pkg/release"

	"lakehouse/sandbox/plugins/internal/diff"
	"lakehouse/sandbox/plugins/internal/objects"
	"lakehouse/sandbox/plugins/internal/props"
)

// Read brings back the newest record of the release, whatever its status: for a refresh or an import. Outputs are as they
// are in the cluster, inputs stay the program's.
func (p *Provider) Read(ctx context.Context, req *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	if err := p.Cluster.Unreachable(ctx); err != nil {
		return nil, reachableError(err)
	}
	kept, s, err := decodeState(req.GetProperties())
	if err != nil {
		return nil, err
	}
	if len(req.GetInputs().GetFields()) > 0 {
		if kept, err = props.Decode(req.GetInputs(), "inputs"); err != nil {
			return nil, err
		}
	}
	if s.Name == "" {
		s.Namespace, s.Name = objects.ParseID(req.GetId())
		if s.Namespace == "" {
			s.Namespace = p.Cluster.Namespace
		}
	}
	h, err := p.helmIn(s.Namespace)
	if err != nil {
		return nil, err
	}
	last, err := h.last(s.Name)
	if err != nil {
		return nil, err
	}
	if last == nil {
		return &pulumirpc.ReadResponse{}, nil
	}
	live := liveInputs(kept, last)
	if kept == nil {
		kept = live
	}
	state, err := encodeState(live, kept, last)
	if err != nil {
		return nil, err
	}
	encoded, err := props.Encode(kept, "inputs")
	if err != nil {
		return nil, err
	}
	return &pulumirpc.ReadResponse{Id: req.GetId(), Properties: state, Inputs: encoded}, nil
}

// liveInputs are the inputs that would give the release as it is: those of the program, with the chart's version and the
// values that somebody else may have given it. Without any, they are those of an import.
func liveInputs(kept resource.PropertyMap, r *helmrelease.Release) resource.PropertyMap {
	inputs := maps.Clone(kept)
	if inputs == nil {
		inputs = resource.PropertyMap{
			"name": resource.NewStringProperty(r.Name), "namespace": resource.NewStringProperty(r.Namespace),
			"timeout": resource.NewNumberProperty(defaultTimeout),
		}
	}
	if r.Chart != nil && r.Chart.Metadata != nil {
		if _, ok := inputs["chart"]; !ok {
			inputs["chart"] = resource.NewStringProperty(r.Chart.Metadata.Name)
		}
		inputs["version"] = resource.NewStringProperty(r.Chart.Metadata.Version)
	}
	live := resource.NewPropertyMapFromMap(r.Config)
	before := resource.PropertyMap{}
	secret := false
	if v, ok := inputs["values"]; ok {
		secret = v.ContainsSecrets()
		if v = props.Plain(resource.PropertyMap{"values": v})["values"]; v.IsObject() {
			before = v.ObjectValue()
		}
	}
	if len(diff.Compute(props.Object(before), props.Object(live))) == 0 {
		return inputs
	}
	inputs["values"] = resource.NewObjectProperty(live)
	if secret {
		inputs["values"] = resource.MakeSecret(inputs["values"])
	}
	return inputs
}

// Delete uninstalls the release and waits until its objects are gone.
func (p *Provider) Delete(ctx context.Context, req *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	if err := p.Cluster.Unreachable(ctx); err != nil {
		return nil, reachableError(err)
	}
	_, s, err := decodeState(req.GetProperties())
	if err != nil {
		return nil, err
	}
	if s.Name == "" {
		s.Namespace, s.Name = objects.ParseID(req.GetId())
	}
	h, err := p.helmIn(s.Namespace)
	if err != nil {
		return nil, err
	}
	info, err := h.uninstall(s)
	if err != nil {
		return nil, err
	}
	if info != "" {
		p.Log.Warn(req.GetUrn(), fmt.Sprintf("Helm uninstall returned information: %q", info))
	}
	return &emptypb.Empty{}, nil
}
