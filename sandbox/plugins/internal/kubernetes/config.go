package kubernetes

import (
	"context"
	"fmt"
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"lakehouse/sandbox/plugins/internal/cluster"
	"lakehouse/sandbox/plugins/internal/diff"
	"lakehouse/sandbox/plugins/internal/objects"
	"lakehouse/sandbox/plugins/internal/props"
	"lakehouse/sandbox/plugins/internal/release"
)

// unsupported are settings of the official provider that this one cannot honour, with the value that changes nothing.
var unsupported = map[resource.PropertyKey]string{"renderYamlToDirectory": "", "enableServerSideApply": "true"}

// CheckConfig refuses what the provider cannot do.
func (p *Provider) CheckConfig(_ context.Context, req *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	news, err := props.Decode(req.GetNews(), "provider config")
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.CheckResponse{Inputs: req.GetNews()}
	plain := props.Plain(news)
	for name, harmless := range unsupported {
		if v, ok := plain[name]; ok && v.IsString() && v.StringValue() != harmless {
			response.Failures = append(response.Failures, &pulumirpc.CheckFailure{
				Property: string(name),
				Reason:   fmt.Sprintf("%s is %q: the sandbox's provider cannot do that", name, v.StringValue()),
			})
		}
	}
	return response, nil
}

// DiffConfig replaces the provider, and all that it made, only when it is to use another cluster.
func (p *Provider) DiffConfig(_ context.Context, req *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	source := req.GetOldInputs()
	if source == nil {
		source = req.GetOlds()
	}
	olds, err := props.Decode(source, "old provider config")
	if err != nil {
		return nil, err
	}
	news, err := props.Decode(req.GetNews(), "provider config")
	if err != nil {
		return nil, err
	}
	olds, news = props.Plain(olds), props.Plain(news)
	// The SDK's version is the engine's affair.
	delete(olds, "version")
	delete(news, "version")
	response := diff.Response(diff.Compute(props.Object(olds), props.Object(news)), nil)
	// One path a setting, whatever is inside it.
	if replaces := clusterChange(olds, news); len(replaces) > 0 && response.Changes == pulumirpc.DiffResponse_DIFF_SOME {
		response.Replaces = replaces
		for _, name := range replaces {
			response.DetailedDiff[name] = &pulumirpc.PropertyDiff{Kind: pulumirpc.PropertyDiff_UPDATE_REPLACE, InputDiff: true}
		}
	}
	return response, nil
}

// clusterChange lists the settings that make the provider use another cluster. clusterIdentifier, where it is set,
// decides alone.
func clusterChange(olds, news resource.PropertyMap) []string {
	const identifier = "clusterIdentifier"
	if olds[identifier].HasValue() && news[identifier].HasValue() {
		if olds[identifier].DeepEquals(news[identifier]) {
			return nil
		}
		return []string{identifier}
	}
	var changed []string
	unknown := false
	for _, name := range []resource.PropertyKey{"kubeconfig", "context", "cluster"} {
		if !olds[name].DeepEquals(news[name]) {
			changed = append(changed, string(name))
			unknown = unknown || news[name].IsComputed()
		}
	}
	if unknown {
		return changed
	}
	before, after := accessOf(olds).ActiveCluster(), accessOf(news).ActiveCluster()
	if len(changed) == 0 || before == nil || after == nil {
		return nil
	}
	// Where the kubeconfig lies says nothing about the cluster.
	before.LocationOfOrigin, after.LocationOfOrigin = "", ""
	if reflect.DeepEqual(before, after) {
		return nil
	}
	return changed
}

func accessOf(config resource.PropertyMap) cluster.Access {
	text := func(name resource.PropertyKey) string {
		if v := config[name]; v.IsString() {
			return v.StringValue()
		}
		return ""
	}
	return cluster.Access{Kubeconfig: text("kubeconfig"), Context: text("context"), Cluster: text("cluster")}
}

// Configure sets the provider up. It asks the cluster nothing: a preview may not need it.
func (p *Provider) Configure(_ context.Context, req *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	s := readSettings(req.GetVariables())
	c := cluster.New(s.access)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.objects = &objects.Provider{
		Cluster: c, Log: p.log, Upsert: s.upsert, Force: s.force,
		Mutable:           objects.Mutability{Secrets: s.mutableSecrets, ConfigMaps: s.mutableConfigMaps},
		DeleteUnreachable: s.deleteUnreachable, SkipUnreachable: s.skipUnreachable,
	}
	p.releases = &release.Provider{Cluster: c, Log: p.log, Driver: s.helmDriver}
	return &pulumirpc.ConfigureResponse{
		AcceptSecrets: true, SupportsPreview: true, SupportsAutonamingConfiguration: true,
	}, nil
}
