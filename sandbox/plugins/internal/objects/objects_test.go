package objects

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"lakehouse/sandbox/plugins/internal/cluster"
	"lakehouse/sandbox/plugins/internal/engine"
	"lakehouse/sandbox/plugins/internal/props"
)

// offline is a provider without a cluster: nothing listens on the discard port.
func offline() *Provider {
	return &Provider{
		Cluster: cluster.New(cluster.Access{Kubeconfig: `{"clusters":[{"name":"c","cluster":{"server":"http://127.0.0.1:9"}}],
			"contexts":[{"name":"c","context":{"cluster":"c","namespace":"team"}}],"current-context":"c"}`}),
		Log: &engine.Log{}, Mutable: Mutability{Secrets: true, ConfigMaps: true},
	}
}

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	var o map[string]any
	if err := yaml.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return o
}

func encode(t *testing.T, m resource.PropertyMap) *structpb.Struct {
	t.Helper()
	s, err := props.Encode(m, "test")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func urnOf(token string) string { return "urn:pulumi:dev::p::" + token + "::thing" }

func check(t *testing.T, token string, news, olds resource.PropertyMap) (resource.PropertyMap, []*pulumirpc.CheckFailure) {
	t.Helper()
	r, err := offline().Check(t.Context(), &pulumirpc.CheckRequest{
		Urn: urnOf(token), News: encode(t, news), Olds: encode(t, olds), RandomSeed: []byte("seed"),
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := props.Decode(r.Inputs, "inputs")
	if err != nil {
		t.Fatal(err)
	}
	return got, r.Failures
}

func TestKindOf(t *testing.T) {
	for token, want := range map[string]string{
		"kubernetes:core/v1:Secret":                                   "/v1, Kind=Secret",
		"kubernetes:apps/v1:Deployment":                               "apps/v1, Kind=Deployment",
		"kubernetes:postgresql.cnpg.io/v1:Cluster":                    "postgresql.cnpg.io/v1, Kind=Cluster",
		"kubernetes:core/v1:ServiceAccountPatch":                      "/v1, Kind=ServiceAccount patch",
		"kubernetes:example.com/v1:FooPatch":                          "example.com/v1, Kind=FooPatch",
		"kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition": "apiextensions.k8s.io/v1, Kind=CustomResourceDefinition",
	} {
		gvk, patch, err := kindOf(resource.URN(urnOf(token)))
		got := gvk.String()
		if patch {
			got += " patch"
		}
		if err != nil || got != want {
			t.Errorf("%s: %s, %v", token, got, err)
		}
	}
}

func TestCheckCompletesTheInputs(t *testing.T) {
	got, _ := check(t, "kubernetes:core/v1:ConfigMap", props.FromObject(map[string]any{"data": map[string]any{"a": "1"}}), nil)
	object := props.Object(got)
	metadata := object["metadata"].(map[string]any)
	name := metadata["name"].(string)
	if object["apiVersion"] != "v1" || object["kind"] != "ConfigMap" || metadata["namespace"] != "team" {
		t.Errorf("%v", object)
	}
	if !strings.HasPrefix(name, "thing-") || len(name) < len("thing-")+7 {
		t.Errorf("name %q", name)
	}
	again, _ := check(t, "kubernetes:core/v1:ConfigMap", props.FromObject(map[string]any{}), got)
	if kept := props.Object(again)["metadata"].(map[string]any)["name"]; kept != name {
		t.Errorf("the name that was made is %q first and %q then", name, kept)
	}
	cluster, _ := check(t, "kubernetes:core/v1:Namespace", props.FromObject(map[string]any{}), nil)
	if _, has := props.Object(cluster)["metadata"].(map[string]any)["namespace"]; has {
		t.Error("a Namespace was put into a namespace")
	}
}

func TestCheckKeepsSecretsSecret(t *testing.T) {
	got, _ := check(t, "kubernetes:core/v1:Secret", resource.PropertyMap{
		"metadata":   resource.NewPropertyValue(map[string]any{"name": "s"}),
		"stringData": resource.NewObjectProperty(resource.PropertyMap{"k": resource.NewStringProperty("value")}),
	}, nil)
	if !got["data"].IsSecret() {
		t.Errorf("data is not secret: %v", got)
	}
	if _, has := got["stringData"]; has {
		t.Error("stringData is left")
	}
	env, _ := check(t, "kubernetes:core/v1:ConfigMap", resource.PropertyMap{
		"metadata": resource.NewPropertyValue(map[string]any{"name": "s"}),
		"data": resource.NewObjectProperty(resource.PropertyMap{
			"open": resource.NewStringProperty("x"), "hidden": resource.MakeSecret(resource.NewStringProperty("y")),
		}),
	}, nil)
	data := env["data"].ObjectValue()
	if data["open"].IsSecret() || !data["hidden"].IsSecret() {
		t.Errorf("data %v", data)
	}
}

func TestCheckWithUnknowns(t *testing.T) {
	unknown := resource.MakeComputed(resource.NewStringProperty(""))
	got, failures := check(t, "kubernetes:core/v1:Secret", resource.PropertyMap{
		"metadata":   resource.NewObjectProperty(resource.PropertyMap{"name": unknown}),
		"stringData": resource.MakeSecret(unknown),
	}, nil)
	if len(failures) > 0 || !got["metadata"].ObjectValue()["name"].IsComputed() {
		t.Errorf("%v, %v", got, failures)
	}
	if _, has := got["data"]; has || !props.Plain(got)["stringData"].IsComputed() {
		t.Errorf("stringData that is not known stays what it is: %v", got)
	}
}

func TestCheckRefuses(t *testing.T) {
	_, failures := check(t, "kubernetes:core/v1:Pod", props.FromObject(parse(t,
		`metadata: {name: p, annotations: {"pulumi.com/waitFor": "Ready"}}`)), nil)
	if len(failures) != 1 || !strings.Contains(failures[0].Reason, "condition=") {
		t.Errorf("%v", failures)
	}
	_, failures = check(t, "kubernetes:core/v1:Pod", props.FromObject(parse(t, `metadata: {generateName: p-}`)), nil)
	if len(failures) != 1 || failures[0].Property != "metadata.name" {
		t.Errorf("%v", failures)
	}
}

func TestNormalize(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"quantities", `{apiVersion: v1, kind: Pod, spec: {containers: [{name: c, resources: {requests: {cpu: "0.5", memory: 1024Mi}}}]}}`,
			`{apiVersion: v1, kind: Pod, spec: {containers: [{name: c, resources: {requests: {cpu: 500m, memory: 1Gi}}}]}}`},
		{"zero values", `{apiVersion: v1, kind: Pod, spec: {hostNetwork: false, automountServiceAccountToken: false}}`,
			`{apiVersion: v1, kind: Pod, spec: {automountServiceAccountToken: false}}`},
		{"unknown fields stay", `{apiVersion: v1, kind: Pod, spec: {hostNetwrok: true, priority: 0}}`,
			`{apiVersion: v1, kind: Pod, spec: {hostNetwrok: true, priority: 0}}`},
		{"custom kinds stay", `{apiVersion: e.com/v1, kind: Foo, spec: {cpu: "0.5"}}`, `{apiVersion: e.com/v1, kind: Foo, spec: {cpu: "0.5"}}`},
		{"what the server sets", `{apiVersion: v1, kind: ConfigMap, metadata: {name: a, uid: u, resourceVersion: "1"}}`,
			`{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}`},
		{"string data over data", `{apiVersion: v1, kind: Secret, data: {a: eA==, b: eA==}, stringData: {b: "y"}}`,
			`{apiVersion: v1, kind: Secret, data: {a: eA==, b: eQ==}}`},
	} {
		got := normalize(&unstructured.Unstructured{Object: parse(t, c.text)}).Object
		if want := parse(t, c.want); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", c.name, got, want)
		}
	}
}

// diffOf compares two versions of an object's inputs, of which the first is in the cluster.
func diffOf(t *testing.T, p *Provider, token, old, new string) *pulumirpc.DiffResponse {
	t.Helper()
	olds, news := parse(t, old), parse(t, new)
	// The API server has values in their canonical form.
	state := props.FromObject(normalize(&unstructured.Unstructured{Object: olds}).Object)
	state[keyInputs] = resource.NewObjectProperty(props.FromObject(olds))
	r, err := p.Diff(t.Context(), &pulumirpc.DiffRequest{
		Urn: urnOf(token), Olds: encode(t, state), OldInputs: encode(t, props.FromObject(olds)),
		News: encode(t, props.FromObject(news)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDiff(t *testing.T) {
	const named = `metadata: {name: a, namespace: ns}`
	for _, c := range []struct {
		name, token, old, new string
		changed, replaces     string
	}{
		{"same", "core/v1:ConfigMap", named + "\ndata: {a: x}", named + "\ndata: {a: x}", "", ""},
		{"config map", "core/v1:ConfigMap", named + "\ndata: {a: x}", named + "\ndata: {a: z}", "data.a", ""},
		{"name", "core/v1:ConfigMap", named, `metadata: {name: b, namespace: ns}`, "metadata.name", "metadata.name"},
		{"namespace", "core/v1:ConfigMap", named, `metadata: {name: a, namespace: other}`, "metadata.namespace", "metadata.namespace"},
		{"default namespace left out", "core/v1:ConfigMap", `metadata: {name: a, namespace: team}`, `metadata: {name: a}`, "", ""},
		{"secret", "core/v1:Secret", named + "\ndata: {a: eA==}", named + "\ndata: {a: eQ==}", "data.a", ""},
		{"the same secret as text", "core/v1:Secret", named + "\ndata: {a: eA==}", named + "\nstringData: {a: x}", "", ""},
		{"secret's type", "core/v1:Secret", named + "\ntype: Opaque", named + "\ntype: kubernetes.io/tls", "type", "type"},
		{"immutable secret", "core/v1:Secret", named + "\nimmutable: true\ndata: {a: eA==}",
			named + "\nimmutable: true\ndata: {a: eQ==}", "data.a", "data.a"},
		{"made immutable", "core/v1:Secret", named, named + "\nimmutable: true", "immutable", ""},
		{"equal quantities", "core/v1:PersistentVolumeClaim", named + "\nspec: {resources: {requests: {storage: 1024Mi}}}",
			named + "\nspec: {resources: {requests: {storage: 1Gi}}}", "", ""},
		{"larger claim", "core/v1:PersistentVolumeClaim", named + "\nspec: {resources: {requests: {storage: 1Gi}}}",
			named + "\nspec: {resources: {requests: {storage: 2Gi}}}", "spec.resources.requests.storage", ""},
		{"claim of another class", "core/v1:PersistentVolumeClaim", named + "\nspec: {storageClassName: a}",
			named + "\nspec: {storageClassName: b}", "spec.storageClassName", "spec.storageClassName"},
		{"image", "apps/v1:StatefulSet", named + "\nspec: {template: {spec: {containers: [{name: c, image: a}]}}}",
			named + "\nspec: {template: {spec: {containers: [{name: c, image: b}]}}}", "spec.template.spec.containers[0].image", ""},
		{"service name", "apps/v1:StatefulSet", named + "\nspec: {serviceName: a, replicas: 1}",
			named + "\nspec: {serviceName: b, replicas: 2}", "spec.replicas,spec.serviceName", "spec.serviceName"},
		{"claim templates", "apps/v1:StatefulSet", named, named + "\nspec: {volumeClaimTemplates: [{metadata: {name: d}}]}",
			"spec", "spec"},
		{"selector", "apps/v1:Deployment", named + "\nspec: {selector: {matchLabels: {a: b}}}",
			named + "\nspec: {selector: {matchLabels: {a: c}}}", "spec.selector.matchLabels.a", "spec.selector.matchLabels.a"},
		{"job", "batch/v1:Job", named + "\nspec: {template: {spec: {restartPolicy: Never}}}",
			named + "\nspec: {template: {spec: {restartPolicy: OnFailure}}}", "spec.template.spec.restartPolicy",
			"spec.template.spec.restartPolicy"},
		{"job's deadline", "batch/v1:Job", named + "\nspec: {activeDeadlineSeconds: 1}",
			named + "\nspec: {activeDeadlineSeconds: 2}", "spec.activeDeadlineSeconds", ""},
		{"role of a binding", "rbac.authorization.k8s.io/v1:RoleBinding", named + "\nroleRef: {name: a}",
			named + "\nroleRef: {name: b}", "roleRef.name", "roleRef.name"},
		{"service's type", "core/v1:Service", named + "\nspec: {type: ClusterIP}", named + "\nspec: {type: NodePort}", "spec.type", ""},
		{"service's address", "core/v1:Service", named + "\nspec: {type: ClusterIP}", named + "\nspec: {type: ClusterIP, clusterIP: None}",
			"spec.clusterIP", "spec.clusterIP"},
		{"pod", "core/v1:Pod", named + "\nspec: {containers: [{name: c, image: a}]}",
			named + "\nspec: {containers: [{name: c, image: b}]}", "spec.containers[0].image", "spec.containers[0].image"},
		{"custom kind", "e.com/v1:Foo", named + "\nspec: {a: 1}", named + "\nspec: {a: 2}", "spec.a", ""},
	} {
		gvk, _, _ := kindOf(resource.URN(urnOf("kubernetes:" + c.token)))
		head := "apiVersion: " + gvk.GroupVersion().String() + "\nkind: " + gvk.Kind + "\n"
		got := diffOf(t, offline(), "kubernetes:"+c.token, head+c.old, head+c.new)
		var changed []string
		for path := range got.DetailedDiff {
			changed = append(changed, path)
		}
		if join(changed) != c.changed || join(got.Replaces) != c.replaces {
			t.Errorf("%s: changed %s, replaces %s; want %s, %s", c.name, join(changed), join(got.Replaces), c.changed, c.replaces)
		}
		sameName := !strings.Contains(c.replaces, "metadata.")
		if want := c.replaces != "" && sameName; got.DeleteBeforeReplace != want {
			t.Errorf("%s: delete before replace: %v", c.name, got.DeleteBeforeReplace)
		}
	}
}

func join(list []string) string { return strings.Join(slices.Sorted(slices.Values(list)), ",") }

// A password that is not known yet, as a program may give it.
func TestDiffOfAPasswordThatIsNotKnownYet(t *testing.T) {
	object := parse(t, `{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: ns}, data: {user: eA==, password: eA==}}`)
	state := props.FromObject(object)
	state[keyInputs] = resource.NewObjectProperty(props.FromObject(object))
	unknown := resource.MakeComputed(resource.NewStringProperty(""))
	user := resource.MakeSecret(resource.NewStringProperty("eA=="))
	for _, c := range []struct {
		name, key string
		value     resource.PropertyValue
		want      string
	}{
		{"as text", "stringData", resource.MakeSecret(unknown), "-data,+stringData"},
		{"as data, as a whole", "data", resource.MakeSecret(unknown), "-data.password,-data.user"},
		{"as data, key by key", "data", resource.NewObjectProperty(resource.PropertyMap{
			"user": user, "password": resource.MakeSecret(unknown)}), "~data.password"},
	} {
		news := props.FromObject(parse(t, `{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: ns}}`))
		news[resource.PropertyKey(c.key)] = c.value
		got, err := offline().Diff(t.Context(), &pulumirpc.DiffRequest{
			Urn: urnOf("kubernetes:core/v1:Secret"), Olds: encode(t, state), News: encode(t, news),
		})
		if err != nil {
			t.Fatal(err)
		}
		var shown []string
		for path, change := range got.DetailedDiff {
			shown = append(shown, map[pulumirpc.PropertyDiff_Kind]string{
				pulumirpc.PropertyDiff_ADD: "+", pulumirpc.PropertyDiff_DELETE: "-", pulumirpc.PropertyDiff_UPDATE: "~",
			}[change.Kind]+path)
		}
		slices.SortFunc(shown, func(a, b string) int { return strings.Compare(a[1:], b[1:]) })
		if strings.Join(shown, ",") != c.want || len(got.Replaces) > 0 {
			t.Errorf("%s: %v, replaces %v; want %s", c.name, shown, got.Replaces, c.want)
		}
	}
}

func TestDiffLooksAtWhatTheClusterHas(t *testing.T) {
	const head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: ns}\n"
	state := props.FromObject(parse(t, head+"data: {a: changed, b: theirs}"))
	state[keyInputs] = resource.NewObjectProperty(props.FromObject(parse(t, head+"data: {a: x}")))
	got, err := offline().Diff(t.Context(), &pulumirpc.DiffRequest{
		Urn: urnOf("kubernetes:core/v1:ConfigMap"), Olds: encode(t, state), News: encode(t, props.FromObject(parse(t, head+"data: {a: x}"))),
	})
	if err != nil || len(got.DetailedDiff) != 1 || got.DetailedDiff["data.a"] == nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestImmutableUnlessToldOtherwise(t *testing.T) {
	p := offline()
	p.Mutable = Mutability{}
	for _, kind := range []string{"Secret", "ConfigMap"} {
		head := "apiVersion: v1\nkind: " + kind + "\nmetadata: {name: a, namespace: ns}\n"
		got := diffOf(t, p, "kubernetes:core/v1:"+kind, head+"data: {a: eA==}", head+"data: {a: eQ==}")
		if join(got.Replaces) != "data.a" {
			t.Errorf("%s: replaces %v", kind, got.Replaces)
		}
	}
}

func TestMadeNamesAreReplacedBeforeDeletion(t *testing.T) {
	const head = "apiVersion: v1\nkind: Secret\nmetadata: {name: a-123, namespace: ns, annotations: {pulumi.com/autonamed: \"true\"}}\n"
	got := diffOf(t, offline(), "kubernetes:core/v1:Secret", head+"type: Opaque", head+"type: other")
	if len(got.Replaces) != 1 || got.DeleteBeforeReplace {
		t.Errorf("%v", got)
	}
}

func TestStateRoundTrip(t *testing.T) {
	ins := &unstructured.Unstructured{Object: parse(t, `{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {k: eA==}}`)}
	live := &unstructured.Unstructured{Object: parse(t, `{apiVersion: v1, kind: Secret, data: {k: eA==}, metadata: {name: s,
		managedFields: [{manager: m}], annotations: {kubectl.kubernetes.io/last-applied-configuration: eA==, keep: me}}}`)}
	encoded, err := encodeState(ins, live, resource.PropertyMap{}, "manager")
	if err != nil {
		t.Fatal(err)
	}
	m, _ := props.Decode(encoded, "state")
	if !m["data"].IsSecret() || !m[keyInputs].ObjectValue()["data"].IsSecret() {
		t.Error("a Secret's data is not secret in the state")
	}
	if text := m["metadata"].String(); strings.Contains(text, "eA==") || strings.Contains(text, "manager:") {
		t.Errorf("metadata: %s", text)
	}
	back, err := decodeState(encoded)
	if err != nil || back.manager != "manager" || !reflect.DeepEqual(back.inputs.Object, ins.Object) || back.live.GetName() != "s" {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestLiveInputs(t *testing.T) {
	live := &unstructured.Unstructured{Object: parse(t, `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a, uid: u, labels: {x: y},
		annotations: {deployment.kubernetes.io/revision: "1"}}, spec: {replicas: 3, serviceName: a,
		template: {spec: {containers: [{name: c, image: i, imagePullPolicy: Always}], dnsPolicy: ClusterFirst}}}, status: {replicas: 3}}`)}
	known := &unstructured.Unstructured{Object: parse(t, `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {replicas: 1,
		template: {spec: {containers: [{name: c, image: i}]}}}}`)}
	want := parse(t, `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {replicas: 3,
		template: {spec: {containers: [{name: c, image: i}]}}}}`)
	if got := liveInputs(live, known, true).Object; !sameTree(got, want) {
		t.Errorf("refresh: got %v, want %v", got, want)
	}
	imported := liveInputs(live, &unstructured.Unstructured{Object: map[string]any{}}, false).Object
	if _, has := imported["status"]; has || imported["metadata"].(map[string]any)["uid"] != nil {
		t.Errorf("import: %v", imported)
	}
}

// sameTree compares by text: a number may be int64 on one side and float64 on the other.
func sameTree(a, b map[string]any) bool {
	x, _ := yaml.Marshal(a)
	y, _ := yaml.Marshal(b)
	return string(x) == string(y)
}

func TestSteeringAnnotations(t *testing.T) {
	with := func(name, value string) *unstructured.Unstructured {
		u := &unstructured.Unstructured{Object: map[string]any{}}
		u.SetAnnotations(map[string]string{name: value})
		return u
	}
	for seconds, want := range map[float64]time.Duration{0: 90 * time.Second, 5: 5 * time.Second} {
		if got := timeout(seconds, with(annotationTimeout, "90")); got != want {
			t.Errorf("timeout %v: %v", seconds, got)
		}
	}
	if got := timeout(0, with("a", "b")); got != 10*time.Minute {
		t.Errorf("default timeout: %v", got)
	}
	for text, want := range map[string]metav1.DeletionPropagation{
		"": metav1.DeletePropagationForeground, "background": metav1.DeletePropagationBackground, "Orphan": metav1.DeletePropagationOrphan,
	} {
		if got := propagation(with(annotationPropagation, text)); got != want {
			t.Errorf("propagation %q: %v", text, got)
		}
	}
}

func TestManagerIsAnotherForEachAttempt(t *testing.T) {
	object := &unstructured.Unstructured{Object: map[string]any{}}
	named := func(old string) string {
		name, err := manager(object, old)
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	// So what an interrupted creation has left conflicts with the next one, where that differs.
	if first, second := named(""), named(""); first == second || !strings.HasPrefix(first, "pulumi-kubernetes-") {
		t.Errorf("%s, %s", first, second)
	}
	if got := named("from-the-state"); got != "from-the-state" {
		t.Error(got)
	}
	object.SetAnnotations(map[string]string{annotationFieldManager: "chosen"})
	if got := named("from-the-state"); got != "chosen" {
		t.Error(got)
	}
}

func TestPreviewWithoutCluster(t *testing.T) {
	properties := encode(t, props.FromObject(parse(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}`)))
	r, err := offline().Create(t.Context(), &pulumirpc.CreateRequest{
		Urn: urnOf("kubernetes:core/v1:ConfigMap"), Properties: properties, Preview: true,
	})
	if err != nil || r.Id != "" || r.Properties != properties {
		t.Errorf("%v, %v", r, err)
	}
	_, err = offline().Create(t.Context(), &pulumirpc.CreateRequest{Urn: urnOf("kubernetes:core/v1:ConfigMap"), Properties: properties})
	if err == nil || !strings.Contains(err.Error(), "configured Kubernetes cluster is unreachable") {
		t.Errorf("%v", err)
	}
}
