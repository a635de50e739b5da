package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// Access says which cluster to use: the provider's settings of the same names, "" for those not given.
type Access struct {
	// Kubeconfig is the content of a kubeconfig file, or paths to one or more (as in $KUBECONFIG); "" for $KUBECONFIG.
	Kubeconfig string
	Context    string
	Cluster    string
	Namespace  string
}

// ClientConfig finds the kubeconfig of the access. namespace, if not "", is where things without one go.
func (a Access) ClientConfig(namespace string) (clientcmd.ClientConfig, error) {
	if namespace == "" {
		namespace = a.Namespace
	}
	overrides := &clientcmd.ConfigOverrides{
		CurrentContext: a.Context,
		Context:        api.Context{Cluster: a.Cluster, Namespace: namespace},
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.WarnIfAllMissing = false
	switch {
	case a.Kubeconfig == "":
	case isContent(a.Kubeconfig):
		config, err := clientcmd.Load([]byte(a.Kubeconfig))
		if err != nil {
			return nil, fmt.Errorf("the provider's kubeconfig is neither a path nor the content of a kubeconfig: %w", err)
		}
		return clientcmd.NewDefaultClientConfig(*config, overrides), nil
	default:
		paths := filepath.SplitList(a.Kubeconfig)
		for i, path := range paths {
			paths[i] = expandHome(path)
		}
		rules = &clientcmd.ClientConfigLoadingRules{Precedence: paths}
	}
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides), nil
}

// isContent tells a kubeconfig's content from paths: it is YAML or JSON of a mapping, and no path has a line break or a
// brace in front.
func isContent(kubeconfig string) bool {
	return strings.ContainsAny(kubeconfig, "\n") || strings.HasPrefix(strings.TrimSpace(kubeconfig), "{")
}

func expandHome(path string) string {
	if home, err := os.UserHomeDir(); err == nil && (path == "~" || strings.HasPrefix(path, "~/")) {
		return filepath.Join(home, path[1:])
	}
	return path
}

// ActiveCluster is the cluster that the access names, or nil if the kubeconfig cannot be read or names none. It decides
// whether a changed provider is another cluster.
func (a Access) ActiveCluster() *api.Cluster {
	config, err := a.ClientConfig("")
	if err != nil {
		return nil
	}
	raw, err := config.RawConfig()
	if err != nil {
		return nil
	}
	name := a.Cluster
	if name == "" {
		current := a.Context
		if current == "" {
			current = raw.CurrentContext
		}
		context := raw.Contexts[current]
		if context == nil {
			return nil
		}
		name = context.Cluster
	}
	return raw.Clusters[name]
}
