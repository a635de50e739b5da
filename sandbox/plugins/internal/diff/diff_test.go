package diff

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func paths(changes []Change) []string {
	out := []string{}
	for _, c := range changes {
		out = append(out, []string{"+", "-", "~"}[c.Kind]+c.Path.String())
	}
	return out
}

func TestCompute(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		want           []string
	}{
		{"same", `{"a":{"b":[1,2]}}`, `{"a":{"b":[1,2]}}`, []string{}},
		{"leaf", `{"a":{"b":1}}`, `{"a":{"b":2}}`, []string{"~a.b"}},
		{"whole object comes", `{}`, `{"a":{"b":1}}`, []string{"+a"}},
		{"whole object goes", `{"a":{"b":1}}`, `{}`, []string{"-a"}},
		{"list grows", `{"a":[1]}`, `{"a":[1,2]}`, []string{"+a[1]"}},
		{"list shrinks", `{"a":[1,2]}`, `{"a":[1]}`, []string{"-a[1]"}},
		{"item of a list", `{"a":[{"n":"x","v":"1"}]}`, `{"a":[{"n":"x","v":"2"}]}`, []string{"~a[0].v"}},
		{"null is nothing", `{"a":null}`, `{}`, []string{}},
		{"null to value", `{"a":null}`, `{"a":1}`, []string{"+a"}},
		{"type", `{"a":"1"}`, `{"a":{"b":1}}`, []string{"~a"}},
		{"key with dots", `{"m":{"pulumi.com/x":"1"}}`, `{"m":{"pulumi.com/x":"2"}}`, []string{`~m["pulumi.com/x"]`}},
	} {
		if got := paths(Compute(parse(t, c.old), parse(t, c.new))); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestNumbersAndUnknowns(t *testing.T) {
	if got := Compute(map[string]any{"a": int64(5)}, map[string]any{"a": 5.0}); len(got) != 0 {
		t.Errorf("5 and 5.0 differ: %v", got)
	}
	unknown := resource.Computed{Element: resource.NewStringProperty("")}
	got := Compute(map[string]any{"a": "x"}, map[string]any{"a": unknown})
	if !reflect.DeepEqual(paths(got), []string{"~a"}) {
		t.Errorf("an unknown value is no change: %v", got)
	}
}

func TestTouches(t *testing.T) {
	old := parse(t, `{"spec":{"template":{"x":1},"containers":[{"image":"a"}],"selector":{"matchLabels":{"a":"b"}}}}`)
	for _, c := range []struct {
		new   string
		fixed string
		want  bool
	}{
		{`{"spec":{"template":{"x":2},"containers":[{"image":"a"}],"selector":{"matchLabels":{"a":"b"}}}}`, "spec.template", true},
		{`{"spec":{"template":{"x":2},"containers":[{"image":"a"}],"selector":{"matchLabels":{"a":"b"}}}}`, "spec.selector", false},
		{`{"spec":{"template":{"x":1},"containers":[{"image":"b"}],"selector":{"matchLabels":{"a":"b"}}}}`, "spec.containers[*].image", true},
		{`{"spec":{"template":{"x":1},"containers":[{"image":"b"}],"selector":{"matchLabels":{"a":"b"}}}}`, "spec.containers[*].env", false},
		{`{}`, "spec.selector", true},
		{`{}`, "spec.other", false},
	} {
		got := false
		for _, change := range Compute(old, parse(t, c.new)) {
			got = got || change.Touches(c.fixed)
		}
		if got != c.want {
			t.Errorf("%s: %s: got %v", c.new, c.fixed, got)
		}
	}
}

func TestResponse(t *testing.T) {
	changes := Compute(parse(t, `{"spec":{"a":1,"b":1,"c":1}}`), parse(t, `{"spec":{"a":2,"b":2,"d":1}}`))
	got := Response(changes, []string{"spec.b", "spec.d"})
	want := map[string]pulumirpc.PropertyDiff_Kind{
		"spec.a": pulumirpc.PropertyDiff_UPDATE,
		"spec.b": pulumirpc.PropertyDiff_UPDATE_REPLACE,
		"spec.c": pulumirpc.PropertyDiff_DELETE,
		"spec.d": pulumirpc.PropertyDiff_ADD_REPLACE,
	}
	for path, kind := range want {
		if got.DetailedDiff[path].GetKind() != kind {
			t.Errorf("%s: got %v, want %v", path, got.DetailedDiff[path].GetKind(), kind)
		}
	}
	if !reflect.DeepEqual(got.Replaces, []string{"spec.b", "spec.d"}) {
		t.Errorf("replaces: %v", got.Replaces)
	}
	if none := Response(nil, nil); none.Changes != pulumirpc.DiffResponse_DIFF_NONE {
		t.Errorf("no changes: %v", none.Changes)
	}
}

func TestIgnoredBy(t *testing.T) {
	c := Compute(parse(t, `{"metadata":{"annotations":{"a":"1"}}}`), parse(t, `{"metadata":{"annotations":{"a":"2"}}}`))[0]
	if !c.IgnoredBy([]string{"metadata.annotations"}) || c.IgnoredBy([]string{"metadata.labels"}) {
		t.Error("ignoreChanges is by prefix of the path")
	}
}
