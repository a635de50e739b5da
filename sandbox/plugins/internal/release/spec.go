package release

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"lakehouse/sandbox/plugins/internal/props"
)

// Type is the type token of a Helm release.
const Type = "kubernetes:helm.sh/v3:Release"

// defaultTimeout is how many seconds Helm may wait for a release, or one of its hooks: the official provider's.
const defaultTimeout = 300

// spec is a release as a program describes it, under the SDK's names.
type spec struct {
	Name           string     `json:"name"`
	Namespace      string     `json:"namespace"`
	Chart          string     `json:"chart"`
	Version        string     `json:"version"`
	RepositoryOpts repository `json:"repositoryOpts"`
	// Values are what Helm merges into the chart's own.
	Values      map[string]any `json:"values"`
	Description string         `json:"description"`
	// Timeout counts seconds.
	Timeout    int    `json:"timeout"`
	MaxHistory int    `json:"maxHistory"`
	Keyring    string `json:"keyring"`
	Postrender string `json:"postrender"`

	Atomic                   bool `json:"atomic"`
	CleanupOnFail            bool `json:"cleanupOnFail"`
	CreateNamespace          bool `json:"createNamespace"`
	DependencyUpdate         bool `json:"dependencyUpdate"`
	Devel                    bool `json:"devel"`
	DisableCRDHooks          bool `json:"disableCRDHooks"`
	DisableOpenapiValidation bool `json:"disableOpenapiValidation"`
	DisableWebhooks          bool `json:"disableWebhooks"`
	ForceUpdate              bool `json:"forceUpdate"`
	Lint                     bool `json:"lint"`
	RecreatePods             bool `json:"recreatePods"`
	RenderSubchartNotes      bool `json:"renderSubchartNotes"`
	Replace                  bool `json:"replace"`
	ResetValues              bool `json:"resetValues"`
	ReuseValues              bool `json:"reuseValues"`
	SkipAwait                bool `json:"skipAwait"`
	SkipCrds                 bool `json:"skipCrds"`
	TakeOwnership            bool `json:"takeOwnership"`
	Verify                   bool `json:"verify"`
	WaitForJobs              bool `json:"waitForJobs"`
}

// repository says where a chart is found.
type repository struct {
	Repo     string `json:"repo"`
	Username string `json:"username"`
	Password string `json:"password"`
	CAFile   string `json:"caFile"`
	CertFile string `json:"certFile"`
	KeyFile  string `json:"keyFile"`
}

// decode reads a spec from properties. What is not known yet is left out.
func decode(m resource.PropertyMap) (spec, error) {
	// Numbers stay floating-point, as Helm reads them from a file: templates print them the same way.
	plain := known(props.Plain(m).Mappable()).(map[string]any)
	delete(plain, "valueYamlFiles")
	var s spec
	values, ok := plain["values"].(map[string]any)
	if !ok && plain["values"] != nil {
		return s, fmt.Errorf("values is not an object")
	}
	delete(plain, "values")
	text, err := json.Marshal(plain)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("malformed release: %w", err)
	}
	s.Values = values
	if s.Values == nil {
		s.Values = map[string]any{}
	}
	return s, nil
}

// known drops what is not known yet.
func known(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			if _, unknown := item.(resource.Computed); !unknown {
				out[key] = known(item)
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, item := range v {
			if _, unknown := item.(resource.Computed); !unknown {
				out = append(out, known(item))
			}
		}
		return out
	}
	return v
}

// timeout is how long Helm waits for one thing.
func (s spec) timeout() time.Duration {
	if s.Timeout <= 0 {
		return defaultTimeout * time.Second
	}
	return time.Duration(s.Timeout) * time.Second
}

func (s spec) id() string { return s.Namespace + "/" + s.Name }
