package release

import (
	"context"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"lakehouse/sandbox/plugins/internal/diff"
	"lakehouse/sandbox/plugins/internal/props"
)

// Diff compares the inputs with those of the last operation. Another name or namespace is another release.
func (p *Provider) Diff(_ context.Context, req *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	olds, _, err := decodeState(req.GetOlds())
	if err != nil {
		return nil, err
	}
	if req.GetOldInputs() != nil {
		if olds, err = props.Decode(req.GetOldInputs(), "old inputs"); err != nil {
			return nil, err
		}
	}
	news, err := props.Decode(req.GetNews(), "inputs")
	if err != nil {
		return nil, err
	}
	before, after := comparable(olds), comparable(news)
	if news.ContainsUnknowns() {
		// Check could not look at the chart: what it would have found is no change.
		for _, key := range []string{"version", "checksum"} {
			if _, ok := after[key]; !ok {
				delete(before, key)
			}
		}
	}
	changes := slices.DeleteFunc(diff.Compute(before, after), func(c diff.Change) bool {
		return c.IgnoredBy(req.GetIgnoreChanges())
	})
	return diff.Response(changes, []string{"name", "namespace"}), nil
}

// comparable is the plain data of inputs, without what the official provider leaves in them.
func comparable(m resource.PropertyMap) map[string]any {
	object := props.Object(m)
	for _, key := range ignored {
		if key != "checksum" {
			delete(object, string(key))
		}
	}
	return object
}
