// Package diff compares two versions of an object's plain data and tells what changed, where, and what of it an object
// cannot take without being replaced.
package diff

import (
	"sort"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Kind is what happened to a value.
type Kind int

// The kinds of change.
const (
	Added Kind = iota
	Removed
	Changed
)

// Change is one changed value. A whole object or list that came or went is one change.
type Change struct {
	Path     resource.PropertyPath
	Kind     Kind
	Old, New any
}

// Compute lists the changes from one version to the next, in the order of their paths. An unknown value counts as changed.
func Compute(old, new map[string]any) []Change {
	var changes []Change
	compareMaps(nil, old, new, &changes)
	sort.Slice(changes, func(i, j int) bool { return changes[i].Path.String() < changes[j].Path.String() })
	return changes
}

func compareMaps(path resource.PropertyPath, old, new map[string]any, changes *[]Change) {
	for key, before := range old {
		if after, ok := new[key]; ok {
			compare(with(path, key), before, after, changes)
		} else if before != nil {
			*changes = append(*changes, Change{with(path, key), Removed, before, nil})
		}
	}
	for key, after := range new {
		if _, ok := old[key]; !ok && after != nil {
			*changes = append(*changes, Change{with(path, key), Added, nil, after})
		}
	}
}

func compare(path resource.PropertyPath, old, new any, changes *[]Change) {
	switch o := old.(type) {
	case map[string]any:
		if n, ok := new.(map[string]any); ok {
			compareMaps(path, o, n, changes)
			return
		}
	case []any:
		if n, ok := new.([]any); ok {
			compareLists(path, o, n, changes)
			return
		}
	}
	switch {
	case sameScalar(old, new):
	case old == nil:
		*changes = append(*changes, Change{path, Added, nil, new})
	case new == nil:
		*changes = append(*changes, Change{path, Removed, old, nil})
	default:
		*changes = append(*changes, Change{path, Changed, old, new})
	}
}

func compareLists(path resource.PropertyPath, old, new []any, changes *[]Change) {
	for i := range max(len(old), len(new)) {
		switch {
		case i >= len(new):
			*changes = append(*changes, Change{with(path, i), Removed, old[i], nil})
		case i >= len(old):
			*changes = append(*changes, Change{with(path, i), Added, nil, new[i]})
		default:
			compare(with(path, i), old[i], new[i], changes)
		}
	}
}

// with is the path with one more step, in storage of its own.
func with(path resource.PropertyPath, step any) resource.PropertyPath {
	return append(append(make(resource.PropertyPath, 0, len(path)+1), path...), step)
}

// sameScalar compares leaves: a number is the same whether it is kept as int64 or float64.
func sameScalar(a, b any) bool {
	switch x := a.(type) {
	case resource.Computed, map[string]any, []any:
		return false
	case int64:
		if y, ok := b.(float64); ok {
			return float64(x) == y
		}
	case float64:
		if y, ok := b.(int64); ok {
			return x == float64(y)
		}
	}
	switch b.(type) {
	case resource.Computed, map[string]any, []any:
		return false
	}
	return a == b
}
