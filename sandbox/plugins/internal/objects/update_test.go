package objects

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil/rpcerror"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"lakehouse/sandbox/plugins/internal/cluster"
	"lakehouse/sandbox/plugins/internal/engine"
	"lakehouse/sandbox/plugins/internal/props"
)

const configMap = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"ns","uid":"u",
	"managedFields":[{"manager":"m","operation":"Apply"}]},"data":{"k":"old"}}`

// serving is a provider for an API server that knows ConfigMaps, has the given one ("" for none), and refuses changes.
func serving(t *testing.T, there string) *Provider {
	t.Helper()
	answers := map[string]string{
		"GET /version": `{}`,
		"GET /api":     `{"kind":"APIVersions","versions":["v1"]}`,
		"GET /apis":    `{"kind":"APIGroupList","apiVersion":"v1"}`,
		"GET /api/v1": `{"kind":"APIResourceList","groupVersion":"v1",
			"resources":[{"name":"configmaps","kind":"ConfigMap","namespaced":true,"verbs":["get","patch"]}]}`,
	}
	if there != "" {
		answers["GET /api/v1/namespaces/ns/configmaps/a"] = there
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		refusal := func(code int, reason string) {
			w.WriteHeader(code)
			_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"code":%d,"message":"told so"}`, reason, code)
		}
		answer, ok := answers[r.Method+" "+r.URL.Path]
		switch {
		case ok:
			_, _ = fmt.Fprint(w, answer)
		case r.Method == http.MethodPatch:
			refusal(http.StatusUnprocessableEntity, "Invalid")
		default:
			refusal(http.StatusNotFound, "NotFound")
		}
	}))
	t.Cleanup(server.Close)
	return &Provider{
		Cluster: cluster.New(cluster.Access{Kubeconfig: `{"clusters":[{"name":"c","cluster":{"server":"` + server.URL + `"}}],
			"contexts":[{"name":"c","context":{"cluster":"c","namespace":"ns"}}],"current-context":"c"}`}),
		Log: &engine.Log{},
	}
}

func change(t *testing.T, p *Provider, preview bool) error {
	t.Helper()
	state := props.FromObject(parse(t, configMap))
	state[keyInputs] = resource.NewObjectProperty(props.FromObject(parse(t, configMap)))
	state[keyFieldManager] = resource.NewStringProperty("m")
	news := props.FromObject(parse(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: ns}, data: {k: new}}`))
	_, err := p.Update(t.Context(), &pulumirpc.UpdateRequest{
		Urn: urnOf("kubernetes:core/v1:ConfigMap"), Olds: encode(t, state), News: encode(t, news), Preview: preview,
	})
	return err
}

func TestARefusedUpdateIsNotedAndTriedAgain(t *testing.T) {
	err := change(t, serving(t, configMap), false)
	rpc, ok := rpcerror.FromError(err)
	if !ok || len(rpc.Details()) != 1 {
		t.Fatalf("%v", err)
	}
	failed, ok := rpc.Details()[0].(*pulumirpc.ErrorResourceInitFailed)
	if !ok || failed.GetId() != "ns/a" || !strings.Contains(strings.Join(failed.GetReasons(), " "), "told so") {
		t.Fatalf("%v", rpc.Details())
	}
	state, err := decodeState(failed.GetProperties())
	if err != nil {
		t.Fatal(err)
	}
	wanted, has := state.inputs.Object["data"].(map[string]any)["k"], state.live.Object["data"].(map[string]any)["k"]
	if wanted != "new" || has != "old" {
		t.Errorf("the state wants %v and has %v", wanted, has)
	}
}

func TestAnUpdateOfADeletedObjectIsAnError(t *testing.T) {
	for _, preview := range []bool{false, true} {
		if err := change(t, serving(t, ""), preview); err == nil || !strings.Contains(err.Error(), "pulumi refresh") {
			t.Errorf("preview %v: %v", preview, err)
		}
	}
}
