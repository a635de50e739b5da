package kubernetes

import (
	"encoding/json"
	"os"

	"lakehouse/sandbox/plugins/internal/cluster"
)

// settings are what a program configures the provider with.
type settings struct {
	access                             cluster.Access
	mutableSecrets, mutableConfigMaps  bool
	upsert, force                      bool
	deleteUnreachable, skipUnreachable bool
	helmDriver                         string
}

// readSettings takes each setting from the provider's variables ("kubernetes:config:name"), else from the environment
// variable that the official provider reads.
func readSettings(variables map[string]string) settings {
	text := func(name, env string) string {
		if value, ok := variables["kubernetes:config:"+name]; ok && value != "" {
			return value
		}
		if env == "" {
			return ""
		}
		return os.Getenv(env)
	}
	flag := func(name, env string) bool { return text(name, env) == "true" }
	s := settings{
		access: cluster.Access{
			Kubeconfig: text("kubeconfig", ""), Context: text("context", ""), Cluster: text("cluster", ""),
			Namespace: text("namespace", ""),
		},
		mutableSecrets:    flag("enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
		mutableConfigMaps: flag("enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
		upsert:            flag("upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"),
		force:             flag("enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
		deleteUnreachable: flag("deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE"),
		skipUnreachable:   flag("skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE"),
		helmDriver:        "secret",
	}
	var helm struct {
		Driver string `json:"driver"`
	}
	if json.Unmarshal([]byte(text("helmReleaseSettings", "")), &helm) == nil && helm.Driver != "" {
		s.helmDriver = helm.Driver
	}
	return s
}
