// Package cluster reaches a Kubernetes API server: which one, whether it answers, and what kinds it knows.
package cluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// Requests a second and in a burst: the official provider's limits, for many resources at once.
const (
	requestRate  = 50
	requestBurst = 120
)

// answerTimeout is how long the API server may take to say its version before it counts as unreachable.
const answerTimeout = 15 * time.Second

// Cluster is one API server. Nothing is sent before the first call that needs an answer. Safe for concurrent use.
type Cluster struct {
	Access Access
	// Namespace is where objects without one go.
	Namespace string
	// Config is how to reach the API server; nil if the kubeconfig is no use.
	Config *rest.Config
	// Dynamic and Typed are nil exactly when Config is.
	Dynamic dynamic.Interface
	Typed   kubernetes.Interface

	configErr error
	cached    discovery.CachedDiscoveryInterface
	mapper    *restmapper.DeferredDiscoveryRESTMapper

	mu     sync.Mutex
	asked  bool
	answer error
}

// New reads the kubeconfig. What is wrong with it is told by Unreachable: a program may need no cluster at all.
func New(access Access) *Cluster {
	c := &Cluster{Access: access, Namespace: "default"}
	loader, err := access.ClientConfig("")
	if err != nil {
		c.configErr = err
		return c
	}
	if namespace, _, err := loader.Namespace(); err == nil && namespace != "" {
		c.Namespace = namespace
	}
	config, err := loader.ClientConfig()
	if err != nil {
		c.configErr = fmt.Errorf("no usable kubeconfig: %w", err)
		return c
	}
	config.QPS, config.Burst = requestRate, requestBurst
	config.WarningHandler = rest.NoWarnings{}
	config.UserAgent = "pulumi-resource-kubernetes (lakehouse sandbox)"
	c.configErr = c.connect(config)
	return c
}

func (c *Cluster) connect(config *rest.Config) error {
	dyn, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	c.Config, c.Dynamic, c.Typed = config, dyn, typed
	c.cached = memory.NewMemCacheClient(typed.Discovery())
	c.mapper = restmapper.NewDeferredDiscoveryRESTMapper(c.cached)
	return nil
}

// Unreachable says why the API server cannot be used, or nil. It asks once.
func (c *Cluster) Unreachable(ctx context.Context) error {
	if c.configErr != nil {
		return c.configErr
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.asked {
		ctx, cancel := context.WithTimeout(ctx, answerTimeout)
		defer cancel()
		result := c.Typed.Discovery().RESTClient().Get().AbsPath("/version").Do(ctx)
		if err := result.Error(); err != nil {
			c.answer = fmt.Errorf("%s does not answer: %w", c.Config.Host, err)
		}
		c.asked = true
	}
	return c.answer
}

// Mapping finds the resource of a kind. A kind that was unknown is looked for again: its definition may be new.
func (c *Cluster) Mapping(gvk schema.GroupVersionKind) (*meta.RESTMapping, error) {
	if gvk.Group == "core" {
		gvk.Group = ""
	}
	mapping, err := c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if meta.IsNoMatchError(err) {
		c.Forget()
		return c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	}
	return mapping, err
}

// Resource is the client for the objects of a kind in a namespace, which is ignored for kinds that have none.
func (c *Cluster) Resource(gvk schema.GroupVersionKind, namespace string) (dynamic.ResourceInterface, error) {
	mapping, err := c.Mapping(gvk)
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		if namespace == "" {
			namespace = c.Namespace
		}
		return c.Dynamic.Resource(mapping.Resource).Namespace(namespace), nil
	}
	return c.Dynamic.Resource(mapping.Resource), nil
}

// Namespaced tells whether objects of the kind live in a namespace. Without an answer from the API server (not reachable,
// kind not there yet) it tells what is known of Kubernetes' own kinds, and takes others to be namespaced.
func (c *Cluster) Namespaced(ctx context.Context, gvk schema.GroupVersionKind) bool {
	if known, namespaced := builtinScope(gvk); known {
		return namespaced
	}
	if c.Unreachable(ctx) == nil {
		if mapping, err := c.Mapping(gvk); err == nil {
			return mapping.Scope.Name() == meta.RESTScopeNameNamespace
		}
	}
	return true
}

// Known tells whether the API server has the kind.
func (c *Cluster) Known(ctx context.Context, gvk schema.GroupVersionKind) bool {
	if c.Unreachable(ctx) != nil {
		return false
	}
	_, err := c.Mapping(gvk)
	return err == nil
}

// Forget drops what is known of the API server's kinds, after one was added.
func (c *Cluster) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mapper.Reset()
}
