package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

const kubeconfig = `
apiVersion: v1
kind: Config
clusters: [{name: one, cluster: {server: "https://one:6443"}}, {name: two, cluster: {server: "https://two:6443"}}]
contexts: [{name: one, context: {cluster: one, namespace: team}}, {name: two, context: {cluster: two}}]
current-context: one
`

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAccess(t *testing.T) {
	path := file(t, kubeconfig)
	t.Setenv("KUBECONFIG", path)
	for _, c := range []struct {
		name            string
		access          Access
		host, namespace string
	}{
		{"content", Access{Kubeconfig: kubeconfig}, "https://one:6443", "team"},
		{"path", Access{Kubeconfig: path}, "https://one:6443", "team"},
		{"paths", Access{Kubeconfig: "/nowhere" + string(os.PathListSeparator) + path}, "https://one:6443", "team"},
		{"environment", Access{}, "https://one:6443", "team"},
		{"context", Access{Kubeconfig: kubeconfig, Context: "two"}, "https://two:6443", "default"},
		{"cluster", Access{Kubeconfig: kubeconfig, Cluster: "two"}, "https://two:6443", "team"},
		{"namespace", Access{Kubeconfig: kubeconfig, Namespace: "mine"}, "https://one:6443", "mine"},
	} {
		got := New(c.access)
		if got.Config == nil || got.Config.Host != c.host || got.Namespace != c.namespace {
			t.Errorf("%s: %+v in %s", c.name, got.Config, got.Namespace)
		}
		if active := c.access.ActiveCluster(); active == nil || active.Server != c.host {
			t.Errorf("%s: active cluster %+v", c.name, active)
		}
	}
}

func TestUnusableKubeconfig(t *testing.T) {
	for name, access := range map[string]Access{
		"broken content":  {Kubeconfig: "{clusters"},
		"missing file":    {Kubeconfig: "/nowhere/kubeconfig"},
		"no such context": {Kubeconfig: kubeconfig, Context: "three"},
	} {
		c := New(access)
		if err := c.Unreachable(t.Context()); err == nil {
			t.Errorf("%s is taken for a cluster", name)
		}
		if c.Known(t.Context(), schema.GroupVersionKind{Version: "v1", Kind: "Pod"}) {
			t.Errorf("%s knows kinds", name)
		}
	}
}

func TestUnreachable(t *testing.T) {
	c := New(Access{Kubeconfig: strings.ReplaceAll(kubeconfig, "https://one:6443", "http://127.0.0.1:9")})
	err := c.Unreachable(t.Context())
	if err == nil || !strings.Contains(err.Error(), "http://127.0.0.1:9 does not answer") {
		t.Errorf("%v", err)
	}
}

func TestNamespacedWithoutAsking(t *testing.T) {
	c := New(Access{Kubeconfig: "/nowhere"})
	for text, want := range map[string]bool{
		"v1/Pod": true, "v1/Namespace": false, "apps/v1/Deployment": true, "storage.k8s.io/v1/StorageClass": false,
		"rbac.authorization.k8s.io/v1/ClusterRole": false, "apiextensions.k8s.io/v1/CustomResourceDefinition": false,
		"postgresql.cnpg.io/v1/Cluster": true,
	} {
		i := strings.LastIndex(text, "/")
		gv, err := schema.ParseGroupVersion(text[:i])
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Namespaced(t.Context(), gv.WithKind(text[i+1:])); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
