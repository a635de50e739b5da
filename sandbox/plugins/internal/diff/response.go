package diff

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// Touches tells whether the change alters something under a fixed path such as "spec.template" or
// "spec.containers[*].image", where [*] is every item of a list.
func (c Change) Touches(fixed string) bool {
	steps := strings.Split(strings.ReplaceAll(fixed, "[*]", ".*"), ".")
	for i, step := range c.Path {
		if i == len(steps) {
			return true
		}
		switch step := step.(type) {
		case string:
			if step != steps[i] {
				return false
			}
		case int:
			if steps[i] != "*" {
				return false
			}
		}
	}
	rest := steps[len(c.Path):]
	return holds(c.Old, rest) || holds(c.New, rest)
}

// holds tells whether the data has anything at the end of the steps.
func holds(v any, steps []string) bool {
	if len(steps) == 0 {
		return v != nil
	}
	switch v := v.(type) {
	case map[string]any:
		item, ok := v[steps[0]]
		return ok && holds(item, steps[1:])
	case []any:
		for _, item := range v {
			if steps[0] == "*" && holds(item, steps[1:]) {
				return true
			}
		}
	case resource.Computed:
		return true
	}
	return false
}

// Replaces tells whether the change alters anything that is fixed.
func (c Change) Replaces(fixed []string) bool {
	for _, f := range fixed {
		if c.Touches(f) {
			return true
		}
	}
	return false
}

// IgnoredBy tells whether the change lies within one of the property paths of a resource's ignoreChanges.
func (c Change) IgnoredBy(ignored []string) bool {
	for _, text := range ignored {
		if path, err := resource.ParsePropertyPath(text); err == nil && path.Contains(c.Path) {
			return true
		}
	}
	return false
}

// Response is the engine's form of the changes. Changes of what is fixed replace the resource.
func Response(changes []Change, fixed []string) *pulumirpc.DiffResponse {
	response := &pulumirpc.DiffResponse{
		Changes: pulumirpc.DiffResponse_DIFF_NONE, HasDetailedDiff: true,
		DetailedDiff: map[string]*pulumirpc.PropertyDiff{},
	}
	top := map[string]bool{}
	for _, c := range changes {
		response.Changes = pulumirpc.DiffResponse_DIFF_SOME
		path := c.Path.String()
		kind := c.wireKind()
		if c.Replaces(fixed) {
			// Each kind is followed by its replacing form.
			kind++
			response.Replaces = append(response.Replaces, path)
		}
		response.DetailedDiff[path] = &pulumirpc.PropertyDiff{Kind: kind, InputDiff: true}
		if name, ok := c.Path[0].(string); ok && !top[name] {
			top[name] = true
			response.Diffs = append(response.Diffs, name)
		}
	}
	return response
}

func (c Change) wireKind() pulumirpc.PropertyDiff_Kind {
	switch c.Kind {
	case Added:
		return pulumirpc.PropertyDiff_ADD
	case Removed:
		return pulumirpc.PropertyDiff_DELETE
	default:
		return pulumirpc.PropertyDiff_UPDATE
	}
}
