// Package random is a stand-in for Pulumi's random provider: RandomPassword, RandomString, RandomId and RandomUuid.
//
// It is for the sandbox and the tests of this project alone. It writes no log: what it makes is secret.
package random

import (
	"context"
	"sort"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"lakehouse/sandbox/plugins/internal/props"
)

// Version is the release of the official provider whose behaviour this one follows.
const Version = "4.21.4"

// Provider answers the engine. It has no state.
type Provider struct {
	pulumirpc.UnimplementedResourceProviderServer
}

func kindOf(urn string) (kind, error) {
	token := string(resource.URN(urn).Type())
	if k, ok := kinds[token]; ok {
		return k, nil
	}
	known := make([]string, 0, len(kinds))
	for t := range kinds {
		known = append(known, t)
	}
	sort.Strings(known)
	return kind{}, status.Errorf(codes.Unimplemented,
		"the sandbox's random provider has no %s; it has %s", token, strings.Join(known, ", "))
}

// Check says what is wrong with the inputs.
func (*Provider) Check(_ context.Context, req *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	k, err := kindOf(req.GetUrn())
	if err != nil {
		return nil, err
	}
	news, err := props.Decode(req.GetNews(), "inputs")
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.CheckResponse{Inputs: req.GetNews()}
	if k.check == nil || news.ContainsUnknowns() {
		return response, nil
	}
	for property, reason := range k.check(props.Plain(news)) {
		response.Failures = append(response.Failures, &pulumirpc.CheckFailure{Property: property, Reason: reason})
	}
	return response, nil
}

// Diff replaces the resource when any input has another value: a generated value cannot be changed.
func (*Provider) Diff(_ context.Context, req *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	k, err := kindOf(req.GetUrn())
	if err != nil {
		return nil, err
	}
	source := req.GetOldInputs()
	if source == nil {
		source = req.GetOlds()
	}
	olds, err := props.Decode(source, "old inputs")
	if err != nil {
		return nil, err
	}
	news, err := props.Decode(req.GetNews(), "inputs")
	if err != nil {
		return nil, err
	}
	olds, news = props.Plain(olds), props.Plain(news)
	response := &pulumirpc.DiffResponse{
		Changes: pulumirpc.DiffResponse_DIFF_NONE, HasDetailedDiff: true,
		DetailedDiff: map[string]*pulumirpc.PropertyDiff{},
	}
	for key := range union(olds, news) {
		if strings.HasPrefix(string(key), "__") || k.isOutput(key) {
			continue
		}
		before, after := k.withDefault(olds, key), k.withDefault(news, key)
		if before.DeepEquals(after) {
			continue
		}
		change := pulumirpc.PropertyDiff_UPDATE_REPLACE
		if _, ok := olds[key]; !ok {
			change = pulumirpc.PropertyDiff_ADD_REPLACE
		} else if _, ok := news[key]; !ok {
			change = pulumirpc.PropertyDiff_DELETE_REPLACE
		}
		response.Changes = pulumirpc.DiffResponse_DIFF_SOME
		response.Replaces = append(response.Replaces, string(key))
		response.Diffs = append(response.Diffs, string(key))
		response.DetailedDiff[string(key)] = &pulumirpc.PropertyDiff{Kind: change, InputDiff: true}
	}
	return response, nil
}

func union(a, b resource.PropertyMap) map[resource.PropertyKey]bool {
	keys := map[resource.PropertyKey]bool{}
	for k := range a {
		keys[k] = true
	}
	for k := range b {
		keys[k] = true
	}
	return keys
}

func (k kind) isOutput(key resource.PropertyKey) bool {
	_, ok := k.outputs[string(key)]
	return ok
}

// withDefault is the value of an input, or what it is when left out.
func (k kind) withDefault(in resource.PropertyMap, key resource.PropertyKey) resource.PropertyValue {
	if v, ok := in[key]; ok && !v.IsNull() {
		return v
	}
	return k.defaults[key]
}

// Create generates the value.
func (*Provider) Create(_ context.Context, req *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	k, err := kindOf(req.GetUrn())
	if err != nil {
		return nil, err
	}
	inputs, err := props.Decode(req.GetProperties(), "inputs")
	if err != nil {
		return nil, err
	}
	id, outputs := "", k.unknownOutputs()
	if !req.GetPreview() {
		if id, outputs, err = k.generate(props.Plain(inputs)); err != nil {
			return nil, err
		}
	}
	state, err := props.Encode(k.state(inputs, outputs), "state")
	if err != nil {
		return nil, err
	}
	return &pulumirpc.CreateResponse{Id: id, Properties: state}, nil
}

func (k kind) unknownOutputs() resource.PropertyMap {
	outputs := resource.PropertyMap{}
	for key := range k.outputs {
		outputs[resource.PropertyKey(key)] = resource.MakeComputed(resource.NewStringProperty(""))
	}
	return outputs
}

// state is what the engine keeps: the inputs with their defaults, and the outputs, secret where they must be.
func (k kind) state(inputs, outputs resource.PropertyMap) resource.PropertyMap {
	state := resource.PropertyMap{}
	for _, part := range []resource.PropertyMap{k.defaults, inputs, outputs} {
		for key, value := range part {
			state[key] = value
		}
	}
	for key, secret := range k.outputs {
		if secret {
			state[resource.PropertyKey(key)] = resource.MakeSecret(state[resource.PropertyKey(key)])
		}
	}
	return state
}

// Read gives back what the engine knows already, or the state of an imported value.
func (*Provider) Read(_ context.Context, req *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	k, err := kindOf(req.GetUrn())
	if err != nil {
		return nil, err
	}
	if len(req.GetProperties().GetFields()) > 0 {
		return &pulumirpc.ReadResponse{Id: req.GetId(), Properties: req.GetProperties(), Inputs: req.GetInputs()}, nil
	}
	id, inputs, outputs, err := k.adopt(req.GetId())
	if err != nil {
		return nil, err
	}
	state, err := props.Encode(k.state(inputs, outputs), "state")
	if err != nil {
		return nil, err
	}
	encoded, err := props.Encode(inputs, "inputs")
	if err != nil {
		return nil, err
	}
	return &pulumirpc.ReadResponse{Id: id, Properties: state, Inputs: encoded}, nil
}

// Update never happens: every change replaces.
func (*Provider) Update(_ context.Context, req *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	return nil, status.Errorf(codes.Internal, "%s cannot be changed, only replaced", req.GetUrn())
}

// Delete forgets the value.
func (*Provider) Delete(context.Context, *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}
