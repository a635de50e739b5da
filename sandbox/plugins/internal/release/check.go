package release

import (
	"context"
	"fmt"
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"sigs.k8s.io/yaml"

	"lakehouse/sandbox/plugins/internal/props"
)

// ignored are inputs that mean nothing: the SDK's marks, outputs, and what the official provider has given up.
var ignored = []resource.PropertyKey{
	"compat", "manifest", "resourceNames", "status", "allowNullValues", "checksum", "valueYamlFiles",
}

// Check completes the inputs: name, namespace, timeout, values from files, and the exact version of the chart.
func (p *Provider) Check(_ context.Context, req *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	news, err := props.Decode(req.GetNews(), "inputs")
	if err != nil {
		return nil, err
	}
	olds, err := props.Decode(req.GetOlds(), "old inputs")
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.CheckResponse{}
	fail := func(property string, err error) {
		response.Failures = append(response.Failures, &pulumirpc.CheckFailure{Property: property, Reason: err.Error()})
	}
	if err := mergeFiles(news); err != nil {
		fail("valueYamlFiles", err)
	}
	for _, key := range ignored {
		delete(news, key)
	}
	news = withoutEmpty(news)
	if err := p.complete(news, olds, resource.URN(req.GetUrn())); err != nil {
		return nil, err
	}
	if !news.ContainsUnknowns() && len(response.Failures) == 0 {
		if err := p.resolve(news); err != nil {
			fail("chart", err)
		}
	}
	if response.Inputs, err = props.Encode(news, "inputs"); err != nil {
		return nil, err
	}
	return response, nil
}

// withoutEmpty drops what is as good as not given: nulls, false, "" and empty objects, at the top.
func withoutEmpty(m resource.PropertyMap) resource.PropertyMap {
	out := maps.Clone(m)
	for key, v := range m {
		switch {
		case v.IsNull(), v.IsBool() && !v.BoolValue(), v.IsString() && v.StringValue() == "",
			v.IsObject() && len(v.ObjectValue()) == 0:
			delete(out, key)
		}
	}
	return out
}

// complete sets what the program leaves out.
func (p *Provider) complete(news, olds resource.PropertyMap, urn resource.URN) error {
	if _, ok := news["name"]; !ok {
		name := olds["name"]
		if !name.IsString() || name.StringValue() == "" {
			unique, err := resource.NewUniqueHex(urn.Name()+"-", 0, 0)
			if err != nil {
				return fmt.Errorf("cannot make a name: %w", err)
			}
			name = resource.NewStringProperty(unique)
		}
		news["name"] = name
	}
	if _, ok := news["namespace"]; !ok {
		news["namespace"] = resource.NewStringProperty(p.Cluster.Namespace)
	}
	if _, ok := news["timeout"]; !ok && !news["skipAwait"].IsBool() {
		news["timeout"] = resource.NewNumberProperty(defaultTimeout)
	}
	return nil
}

// resolve finds the chart and writes down its version. Other files in the same version are no change.
func (p *Provider) resolve(news resource.PropertyMap) error {
	s, err := decode(news)
	if err != nil {
		return err
	}
	h, err := p.helmIn(s.Namespace)
	if err != nil {
		return err
	}
	found, err := h.load(s)
	if err != nil {
		return err
	}
	news["version"] = resource.NewStringProperty(found.chart.Metadata.Version)
	return nil
}

// mergeFiles puts the values of YAML files under those of the program. One secret file makes all the values secret.
func mergeFiles(news resource.PropertyMap) error {
	files := news["valueYamlFiles"]
	secret := files.IsSecret()
	if secret {
		files = files.SecretValue().Element
	}
	if !files.IsArray() {
		return nil
	}
	merged := map[string]any{}
	for i, file := range files.ArrayValue() {
		if file.IsSecret() {
			file, secret = file.SecretValue().Element, true
		}
		if !file.IsAsset() {
			return fmt.Errorf("valueYamlFiles[%d] is %s: it must be an asset", i, file.TypeString())
		}
		content, err := file.AssetValue().Bytes()
		if err != nil {
			return fmt.Errorf("valueYamlFiles[%d]: %w", i, err)
		}
		values := map[string]any{}
		if err := yaml.Unmarshal(content, &values); err != nil {
			return fmt.Errorf("valueYamlFiles[%d] is not YAML of an object: %w", i, err)
		}
		mergeInto(merged, values)
	}
	below := resource.NewPropertyMapFromMap(merged)
	values := news["values"]
	if values.IsSecret() {
		values, secret = values.SecretValue().Element, true
	}
	if values.IsComputed() {
		return nil
	}
	if values.IsObject() {
		mergeProperties(below, values.ObjectValue())
	}
	news["values"] = resource.NewObjectProperty(below)
	if secret {
		news["values"] = resource.MakeSecret(news["values"])
	}
	return nil
}

// mergeInto lays values over others, object by object.
func mergeInto(below, above map[string]any) {
	for key, v := range above {
		over, isMap := v.(map[string]any)
		under, wasMap := below[key].(map[string]any)
		if isMap && wasMap {
			mergeInto(under, over)
		} else {
			below[key] = v
		}
	}
}

// mergeProperties is mergeInto for properties.
func mergeProperties(below, above resource.PropertyMap) {
	for key, v := range above {
		if v.IsObject() && below[key].IsObject() {
			mergeProperties(below[key].ObjectValue(), v.ObjectValue())
		} else {
			below[key] = v
		}
	}
}
