package kubernetes

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil/rpcerror"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"lakehouse/sandbox/plugins/internal/engine"
	"lakehouse/sandbox/plugins/internal/props"
	"lakehouse/sandbox/plugins/internal/redact"
)

func provider() *Provider { return New(&engine.Log{}, &redact.Set{}) }

const config = `{"clusters":[{"name":"c","cluster":{"server":"https://SERVER"}}],"contexts":[{"name":"c","context":{"cluster":"c"}}],"current-context":"c"}`

func kubeconfig(server string) string { return strings.ReplaceAll(config, "SERVER", server) }

func TestSettings(t *testing.T) {
	s := readSettings(map[string]string{
		"kubernetes:config:kubeconfig": "/k", "kubernetes:config:context": "c", "kubernetes:config:namespace": "n",
		"kubernetes:config:enableSecretMutable": "true", "kubernetes:config:upsertExistingObjects": "false",
		"kubernetes:config:helmReleaseSettings": `{"driver":"configmap"}`,
	})
	if s.access.Kubeconfig != "/k" || s.access.Context != "c" || s.access.Namespace != "n" || !s.mutableSecrets ||
		s.mutableConfigMaps || s.upsert || s.helmDriver != "configmap" {
		t.Errorf("%+v", s)
	}
	t.Setenv("PULUMI_K8S_UPSERT_EXISTING_OBJECTS", "true")
	t.Setenv("PULUMI_K8S_ENABLE_SECRET_MUTABLE", "true")
	s = readSettings(map[string]string{"kubernetes:config:enableSecretMutable": "false"})
	if !s.upsert || s.mutableSecrets || s.helmDriver != "secret" {
		t.Errorf("the environment stands in only for what the program leaves out: %+v", s)
	}
}

func TestDiffConfig(t *testing.T) {
	path := filepath.Join(t.TempDir(), "k")
	if err := os.WriteFile(path, []byte(kubeconfig("a")), 0o600); err != nil {
		t.Fatal(err)
	}
	unknown := resource.MakeComputed(resource.NewStringProperty(""))
	text := resource.NewStringProperty
	for _, c := range []struct {
		name     string
		old, new resource.PropertyMap
		changes  bool
		replaces string
	}{
		{"same", resource.PropertyMap{"kubeconfig": text(kubeconfig("a"))}, resource.PropertyMap{"kubeconfig": text(kubeconfig("a"))}, false, ""},
		{"another SDK", resource.PropertyMap{"version": text("1")}, resource.PropertyMap{"version": text("2")}, false, ""},
		{"a flag", resource.PropertyMap{}, resource.PropertyMap{"enableSecretMutable": text("true")}, true, ""},
		{"the same cluster, elsewhere", resource.PropertyMap{"kubeconfig": text(kubeconfig("a"))}, resource.PropertyMap{"kubeconfig": text(path)}, true, ""},
		{"another cluster", resource.PropertyMap{"kubeconfig": text(kubeconfig("a"))}, resource.PropertyMap{"kubeconfig": text(kubeconfig("b"))}, true, "kubeconfig"},
		{"another cluster of the same name", resource.PropertyMap{"kubeconfig": text(kubeconfig("a")), "clusterIdentifier": text("x")},
			resource.PropertyMap{"kubeconfig": text(kubeconfig("b")), "clusterIdentifier": text("x")}, true, ""},
		{"another name", resource.PropertyMap{"clusterIdentifier": text("x")}, resource.PropertyMap{"clusterIdentifier": text("y")}, true, "clusterIdentifier"},
		{"not known yet", resource.PropertyMap{"kubeconfig": text(kubeconfig("a"))}, resource.PropertyMap{"kubeconfig": unknown}, true, "kubeconfig"},
	} {
		olds, _ := props.Encode(c.old, "old")
		news, _ := props.Encode(c.new, "new")
		got, err := provider().DiffConfig(t.Context(), &pulumirpc.DiffRequest{OldInputs: olds, News: news})
		if err != nil {
			t.Fatal(err)
		}
		changes := got.Changes == pulumirpc.DiffResponse_DIFF_SOME
		if changes != c.changes || strings.Join(got.Replaces, ",") != c.replaces {
			t.Errorf("%s: changes %v, replaces %v", c.name, changes, got.Replaces)
		}
	}
}

func TestCheckConfigRefusesWhatItCannotDo(t *testing.T) {
	for value, refused := range map[string]bool{"": false, "/out": true} {
		news, _ := props.Encode(resource.PropertyMap{"renderYamlToDirectory": resource.NewStringProperty(value)}, "new")
		got, err := provider().CheckConfig(t.Context(), &pulumirpc.CheckRequest{News: news})
		if err != nil || (len(got.Failures) > 0) != refused {
			t.Errorf("%q: %v, %v", value, got.GetFailures(), err)
		}
	}
}

func TestErrorsCarryNoSecrets(t *testing.T) {
	p := provider()
	p.secrets.Learn(resource.PropertyMap{"p": resource.MakeSecret(resource.NewStringProperty("hunter2-hunter2"))})
	if got := p.withoutSecrets(errors.New("refused hunter2-hunter2")).Error(); got != "refused [secret]" {
		t.Error(got)
	}
	properties, _ := props.Encode(resource.PropertyMap{"p": resource.NewStringProperty("hunter2-hunter2")}, "state")
	err := p.withoutSecrets(rpcerror.WithDetails(rpcerror.New(codes.Unknown, "log: hunter2-hunter2"),
		&pulumirpc.ErrorResourceInitFailed{Id: "i", Properties: properties, Reasons: []string{"log: hunter2-hunter2"}}))
	st, _ := status.FromError(err)
	failed := st.Details()[0].(*pulumirpc.ErrorResourceInitFailed)
	if st.Message() != "log: [secret]" || failed.Reasons[0] != "log: [secret]" || failed.Id != "i" {
		t.Errorf("%v", st)
	}
	if failed.Properties.Fields["p"].GetStringValue() != "hunter2-hunter2" {
		t.Error("the state was changed")
	}
}

func TestBeforeConfigure(t *testing.T) {
	_, err := provider().Check(t.Context(), &pulumirpc.CheckRequest{Urn: "urn:pulumi:dev::p::kubernetes:core/v1:Pod::a"})
	if err == nil || !strings.Contains(err.Error(), "not configured") {
		t.Errorf("%v", err)
	}
}
