package release

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
	"helm.sh/helm/v3/pkg/chart"
	helmrelease "helm.sh/helm/v3/pkg/release"

	"lakehouse/sandbox/plugins/internal/cluster"
	"lakehouse/sandbox/plugins/internal/engine"
	"lakehouse/sandbox/plugins/internal/props"
)

const urn = "urn:pulumi:dev::p::kubernetes:helm.sh/v3:Release::app"

func offline() *Provider {
	return &Provider{
		Cluster: cluster.New(cluster.Access{Kubeconfig: `{"clusters":[{"name":"c","cluster":{"server":"http://127.0.0.1:9"}}],
			"contexts":[{"name":"c","context":{"cluster":"c","namespace":"team"}}],"current-context":"c"}`}),
		Log: &engine.Log{}, Driver: "memory",
	}
}

// chartFolder makes a chart that needs the value "must".
func chartFolder(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "app")
	for name, content := range map[string]string{
		"Chart.yaml":             "apiVersion: v2\nname: app\nversion: 1.2.3\n",
		"values.yaml":            "number: 1\n",
		"templates/config.yaml":  "kind: ConfigMap\napiVersion: v1\nmetadata: {name: c}\ndata: {m: {{ required \"must is needed\" .Values.must }}}\n",
		"templates/_helpers.tpl": "",
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func check(t *testing.T, news, olds resource.PropertyMap) (resource.PropertyMap, []*pulumirpc.CheckFailure) {
	t.Helper()
	n, _ := props.Encode(news, "news")
	o, _ := props.Encode(olds, "olds")
	r, err := offline().Check(t.Context(), &pulumirpc.CheckRequest{Urn: urn, News: n, Olds: o})
	if err != nil {
		t.Fatal(err)
	}
	m, err := props.Decode(r.Inputs, "inputs")
	if err != nil {
		t.Fatal(err)
	}
	return m, r.Failures
}

func text(s string) resource.PropertyValue { return resource.NewStringProperty(s) }

func TestCheckCompletesTheInputs(t *testing.T) {
	folder := chartFolder(t)
	news := resource.PropertyMap{
		"chart": text(folder), "compat": text("true"), "atomic": resource.NewBoolProperty(true),
		"skipCrds": resource.NewBoolProperty(false), "values": resource.NewObjectProperty(resource.PropertyMap{
			"must": resource.MakeSecret(text("hidden")), "nothing": resource.NewNullProperty(),
		}),
	}
	got, failures := check(t, news, nil)
	if len(failures) > 0 {
		t.Fatal(failures)
	}
	if got["namespace"].StringValue() != "team" || got["timeout"].NumberValue() != 300 || got["version"].StringValue() != "1.2.3" ||
		!strings.HasPrefix(got["name"].StringValue(), "app-") {
		t.Errorf("%v", got)
	}
	for _, key := range []resource.PropertyKey{"compat", "skipCrds"} {
		if _, has := got[key]; has {
			t.Errorf("%s is left", key)
		}
	}
	values := got["values"].ObjectValue()
	if !values["must"].IsSecret() || !values["nothing"].IsNull() {
		t.Errorf("values %v", values)
	}
	again, _ := check(t, news, got)
	if again["name"].StringValue() != got["name"].StringValue() {
		t.Errorf("first %v, then %v", got, again)
	}
}

func TestCheckNamesAMissingChart(t *testing.T) {
	_, failures := check(t, resource.PropertyMap{"chart": text("./nowhere")}, nil)
	if len(failures) != 1 || failures[0].Property != "chart" || !strings.Contains(failures[0].Reason, "./nowhere") {
		t.Errorf("%v", failures)
	}
	if _, failures = check(t, resource.PropertyMap{"chart": resource.MakeComputed(text(""))}, nil); len(failures) > 0 {
		t.Errorf("a chart that is not known yet: %v", failures)
	}
}

func TestValueFilesLieBelowTheValues(t *testing.T) {
	file, err := asset.FromText("a: {x: file, z: file}\nb: file\n")
	if err != nil {
		t.Fatal(err)
	}
	news := resource.PropertyMap{
		"valueYamlFiles": resource.NewArrayProperty([]resource.PropertyValue{resource.NewAssetProperty(file)}),
		"values": resource.NewObjectProperty(resource.PropertyMap{"a": resource.NewObjectProperty(resource.PropertyMap{
			"x": text("program")})}),
	}
	if err := mergeFiles(news); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"a": map[string]any{"x": "program", "z": "file"}, "b": "file"}
	if got := props.Object(news)["values"]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	news["valueYamlFiles"] = resource.MakeSecret(news["valueYamlFiles"])
	if err := mergeFiles(news); err != nil || !news["values"].IsSecret() {
		t.Errorf("values of a secret file are not secret: %v", err)
	}
}

func TestDecode(t *testing.T) {
	got, err := decode(resource.PropertyMap{
		"name": text("app"), "namespace": text("ns"), "timeout": resource.NewNumberProperty(12), "skipAwait": resource.NewBoolProperty(true),
		"repositoryOpts": resource.NewObjectProperty(resource.PropertyMap{"repo": text("https://r"), "password": resource.MakeSecret(text("p"))}),
		"values": resource.NewObjectProperty(resource.PropertyMap{
			"port": resource.NewNumberProperty(5432), "later": resource.MakeComputed(text("")),
			"list": resource.NewArrayProperty([]resource.PropertyValue{resource.MakeSecret(text("s"))}),
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"port": 5432.0, "list": []any{"s"}}
	if !reflect.DeepEqual(got.Values, want) || got.RepositoryOpts.Password != "p" || got.timeout().Seconds() != 12 || got.id() != "ns/app" {
		t.Errorf("%+v", got)
	}
}

func TestDiff(t *testing.T) {
	base := map[string]any{"name": "app", "namespace": "ns", "version": "1.2.3", "values": map[string]any{"x": 1.0}}
	with := func(key string, value any) resource.PropertyMap {
		m := resource.NewPropertyMapFromMap(base)
		if value == nil {
			delete(m, resource.PropertyKey(key))
		} else {
			m[resource.PropertyKey(key)] = resource.NewPropertyValue(value)
		}
		return m
	}
	same := with("name", "app")
	unknown := with("values", map[string]any{"x": resource.Computed{Element: text("")}})
	delete(unknown, "version")
	for _, c := range []struct {
		name              string
		live, new         resource.PropertyMap
		changed, replaces string
	}{
		{"same", same, same, "", ""},
		{"value", same, with("values", map[string]any{"x": 2.0}), "values.x", ""},
		{"version", same, with("version", "2.0.0"), "version", ""},
		{"name", same, with("name", "other"), "name", "name"},
		{"namespace", same, with("namespace", "other"), "namespace", "namespace"},
		{"not known yet", same, unknown, "values.x", ""},
		{"no longer atomic", with("atomic", true), same, "", ""},
		{"changed by somebody else", with("values", map[string]any{"x": 3.0}), same, "values.x", ""},
		{"added by somebody else", with("values", map[string]any{"x": 1.0, "y": 3.0}), same, "", ""},
		{"upgraded by somebody else", with("version", "9.0.0"), same, "version", ""},
	} {
		state, err := encodeState(c.live, same, nil)
		if err != nil {
			t.Fatal(err)
		}
		if changed, replaces := diffOf(t, state, c.new); changed != c.changed || replaces != c.replaces {
			t.Errorf("%s: changed %v, replaces %v", c.name, changed, replaces)
		}
	}
	atomic := with("atomic", true)
	state, err := encodeState(atomic, atomic, nil)
	if err != nil {
		t.Fatal(err)
	}
	if changed, _ := diffOf(t, state, same); changed != "atomic" {
		t.Errorf("what is no longer asked for: %s", changed)
	}
}

func diffOf(t *testing.T, state *structpb.Struct, inputs resource.PropertyMap) (changed, replaces string) {
	t.Helper()
	news, _ := props.Encode(inputs, "news")
	got, err := offline().Diff(t.Context(), &pulumirpc.DiffRequest{Urn: urn, Olds: state, News: news})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(slices.Sorted(maps.Keys(got.DetailedDiff)), ","), strings.Join(got.Replaces, ",")
}

// As with the official provider, a mistake in the values shows when Helm renders the chart, not before.
func TestPreviewRendersNothing(t *testing.T) {
	inputs := resource.PropertyMap{"name": text("app"), "namespace": text("ns"), "chart": text(chartFolder(t))}
	properties, _ := props.Encode(inputs, "inputs")
	r, err := offline().Create(t.Context(), &pulumirpc.CreateRequest{Urn: urn, Properties: properties, Preview: true})
	if err != nil {
		t.Fatal(err)
	}
	state, _ := props.Decode(r.Properties, "state")
	if !state["status"].IsComputed() || r.Id != "" {
		t.Errorf("%v", state)
	}
}

func TestStateKeepsSecrets(t *testing.T) {
	inputs := resource.PropertyMap{"name": text("app"), "values": resource.NewObjectProperty(resource.PropertyMap{
		"open": text("a"), "hidden": resource.MakeSecret(text("b"))})}
	r := &helmrelease.Release{
		Name: "app", Namespace: "ns", Version: 3, Info: &helmrelease.Info{Status: helmrelease.StatusDeployed},
		Chart:    &chart.Chart{Metadata: &chart.Metadata{Name: "app", Version: "1.2.3", AppVersion: "9"}},
		Manifest: "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: web}\n---\nkind: Secret\napiVersion: v1\nmetadata: {name: s, namespace: other}\n",
	}
	encoded, err := encodeState(inputs, inputs, r)
	if err != nil {
		t.Fatal(err)
	}
	state, _ := props.Decode(encoded, "state")
	values := state["values"].ObjectValue()
	if !values["hidden"].IsSecret() || values["open"].IsSecret() || !state[keyInputs].IsSecret() {
		t.Errorf("%v", state)
	}
	want := map[string]any{"Deployment.apps/apps/v1": []any{"web"}, "Secret/v1": []any{"other/s"}}
	if got := props.Object(state)["resourceNames"]; !reflect.DeepEqual(got, want) {
		t.Errorf("resourceNames %v", got)
	}
	status := props.Object(state)["status"].(map[string]any)
	if status["revision"] != int64(3) || status["status"] != "deployed" || status["appVersion"] != "9" {
		t.Errorf("status %v", status)
	}
	back, described, err := decodeState(encoded)
	if err != nil || back["name"].StringValue() != "app" || described.Name != "app" {
		t.Errorf("%v, %+v, %v", back, described, err)
	}
}

func TestLiveInputs(t *testing.T) {
	r := &helmrelease.Release{Name: "app", Namespace: "ns", Config: map[string]any{"x": 2.0},
		Chart: &chart.Chart{Metadata: &chart.Metadata{Name: "app", Version: "2.0.0"}}}
	kept := resource.PropertyMap{"name": text("app"), "chart": text("./app"), "version": text("1.2.3"),
		"values": resource.NewObjectProperty(resource.PropertyMap{"x": resource.MakeSecret(resource.NewNumberProperty(1))})}
	got := liveInputs(kept, r)
	if got["version"].StringValue() != "2.0.0" || got["chart"].StringValue() != "./app" || !got["values"].IsSecret() {
		t.Errorf("%v", got)
	}
	r.Config = map[string]any{"x": 1.0}
	if same := liveInputs(kept, r); same["values"].IsSecret() {
		t.Errorf("values that are the same were changed: %v", same)
	}
	if imported := liveInputs(nil, r); imported["name"].StringValue() != "app" || imported["chart"].StringValue() != "app" {
		t.Errorf("%v", imported)
	}
}
