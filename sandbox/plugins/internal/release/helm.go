package release

import (
	"fmt"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/cli"
	"helm.sh/helm/v3/pkg/registry"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"lakehouse/sandbox/plugins/internal/cluster"
)

// getter tells Helm how to reach the cluster. Each action has its own: Helm drops what is cached when it adds kinds.
type getter struct {
	cluster   *cluster.Cluster
	namespace string
	discovery discovery.CachedDiscoveryInterface
}

func newGetter(c *cluster.Cluster, namespace string) *getter {
	g := &getter{cluster: c, namespace: namespace}
	if c.Typed != nil {
		g.discovery = memory.NewMemCacheClient(c.Typed.Discovery())
	}
	return g
}

func (g *getter) ToRESTConfig() (*rest.Config, error) {
	if g.cluster.Config == nil {
		return nil, fmt.Errorf("there is no cluster")
	}
	return rest.CopyConfig(g.cluster.Config), nil
}

func (g *getter) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	if g.discovery == nil {
		return nil, fmt.Errorf("there is no cluster")
	}
	return g.discovery, nil
}

func (g *getter) ToRESTMapper() (meta.RESTMapper, error) {
	if g.discovery == nil {
		return nil, fmt.Errorf("there is no cluster")
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(g.discovery)
	return restmapper.NewShortcutExpander(mapper, g.discovery, nil), nil
}

func (g *getter) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	config, err := g.cluster.Access.ClientConfig(g.namespace)
	if err != nil {
		return clientcmd.NewDefaultClientConfig(*api.NewConfig(), nil)
	}
	return config
}

// helm is what Helm needs for actions in one namespace.
type helm struct {
	action   *action.Configuration
	settings *cli.EnvSettings
}

// helmIn prepares Helm for a namespace. Releases are kept as the driver says, in Secrets by default.
func (p *Provider) helmIn(namespace string) (helm, error) {
	settings := cli.New()
	settings.SetNamespace(namespace)
	config := new(action.Configuration)
	if err := config.Init(newGetter(p.Cluster, namespace), namespace, p.Driver, func(string, ...any) {}); err != nil {
		return helm{}, fmt.Errorf("cannot set Helm up: %w", err)
	}
	client, err := registry.NewClient(registry.ClientOptEnableCache(true), registry.ClientOptCredentialsFile(settings.RegistryConfig))
	if err != nil {
		return helm{}, fmt.Errorf("cannot set Helm's registry client up: %w", err)
	}
	config.RegistryClient = client
	return helm{action: config, settings: settings}, nil
}
