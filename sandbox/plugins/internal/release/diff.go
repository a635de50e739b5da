package release

import (
	"context"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"lakehouse/sandbox/plugins/internal/diff"
	"lakehouse/sandbox/plugins/internal/props"
)

// Diff compares the inputs with the release as it was last seen, and with the inputs of the last operation for what is no
// longer asked for. Another name or namespace is another release.
func (p *Provider) Diff(_ context.Context, req *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	olds, err := props.Decode(req.GetOlds(), "state")
	if err != nil {
		return nil, err
	}
	inputs, _, err := decodeState(req.GetOlds())
	if err != nil {
		return nil, err
	}
	news, err := props.Decode(req.GetNews(), "inputs")
	if err != nil {
		return nil, err
	}
	after := comparable(news)
	before := asked(comparable(olds), comparable(inputs), after)
	if _, known := after["version"]; !known && news.ContainsUnknowns() {
		// Check could not look at the chart: what it would have found is no change.
		delete(before, "version")
	}
	changes := slices.DeleteFunc(diff.Compute(before, after), func(c diff.Change) bool {
		return c.IgnoredBy(req.GetIgnoreChanges())
	})
	return diff.Response(changes, []string{"name", "namespace"}), nil
}

// asked is what of the state the program asks for or has asked for, at every depth of objects: what the release has beside
// that is nobody's business.
func asked(state, inputs, news map[string]any) map[string]any {
	out := map[string]any{}
	for key, v := range state {
		was, old := inputs[key]
		is, now := news[key]
		if !old && !now {
			continue
		}
		object, isObject := v.(map[string]any)
		wasObject, _ := was.(map[string]any)
		isNow, _ := is.(map[string]any)
		if isObject && (wasObject != nil || isNow != nil) {
			out[key] = asked(object, wasObject, isNow)
		} else {
			out[key] = v
		}
	}
	return out
}

// comparable is the plain data of inputs, without what is none, and what the official provider has given up.
func comparable(m resource.PropertyMap) map[string]any {
	m = m.Copy()
	delete(m, keyInputs)
	object := props.Object(m)
	for _, key := range ignored {
		delete(object, string(key))
	}
	return object
}
