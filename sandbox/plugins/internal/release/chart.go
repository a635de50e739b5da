package release

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/downloader"
	helmgetter "helm.sh/helm/v3/pkg/getter"
	"helm.sh/helm/v3/pkg/registry"
)

// source is a chart that was found.
type source struct {
	chart *chart.Chart
	path  string
}

// load finds and reads the release's chart: a local folder or archive, a chart of a repository, or an OCI reference.
func (h helm) load(s spec) (source, error) {
	if s.Chart == "" {
		return source{}, fmt.Errorf("chart is missing")
	}
	path, err := h.locate(s)
	if err != nil {
		return source{}, err
	}
	loaded, err := loader.Load(path)
	if err != nil {
		return source{}, fmt.Errorf("chart %s: %w", s.Chart, err)
	}
	if kind := loaded.Metadata.Type; kind != "" && kind != "application" {
		return source{}, fmt.Errorf("chart %s is a %s chart: only applications can be installed", s.Chart, kind)
	}
	if needed := loaded.Metadata.Dependencies; needed != nil {
		if err := action.CheckDependencies(loaded, needed); err != nil {
			if !s.DependencyUpdate {
				return source{}, fmt.Errorf("chart %s: %w", s.Chart, err)
			}
			if err := h.updateDependencies(path, s); err != nil {
				return source{}, fmt.Errorf("chart %s: %w", s.Chart, err)
			}
			if loaded, err = loader.Load(path); err != nil {
				return source{}, fmt.Errorf("chart %s: %w", s.Chart, err)
			}
		}
	}
	return source{chart: loaded, path: path}, nil
}

// locate finds the chart's file or folder, downloading it if need be.
func (h helm) locate(s spec) (path string, err error) {
	name := strings.TrimSpace(s.Chart)
	repo := s.RepositoryOpts
	if repo.Repo == "" {
		if found, err := localChart(name); found || err != nil {
			if err == nil && s.Verify {
				_, err = downloader.VerifyChart(name, s.Keyring)
			}
			if err != nil {
				return "", err
			}
			return filepath.Abs(name)
		}
	}
	client := h.action.RegistryClient
	if repo.Username != "" && repo.Password != "" && registry.IsOCI(name) {
		client, err = registry.NewClient(registry.ClientOptEnableCache(true),
			registry.ClientOptBasicAuth(repo.Username, repo.Password))
		if err != nil {
			return "", err
		}
	}
	install := action.NewInstall(h.action)
	install.SetRegistryClient(client)
	options := &install.ChartPathOptions
	options.Version, options.Verify, options.Keyring = s.Version, s.Verify, s.Keyring
	if s.Version == "" && s.Devel {
		options.Version = ">0.0.0-0"
	}
	options.CaFile, options.CertFile, options.KeyFile = repo.CAFile, repo.CertFile, repo.KeyFile
	options.Username, options.Password = repo.Username, repo.Password
	if !registry.IsOCI(name) {
		if strings.Contains(repo.Repo, "://") {
			options.RepoURL = repo.Repo
		} else if repo.Repo != "" && !strings.Contains(name, "/") {
			name = repo.Repo + "/" + name
		}
	}
	path, err = options.LocateChart(name, h.settings)
	if err != nil {
		return "", fmt.Errorf("chart %s is not to be had; check its name and repositoryOpts: %w", s.Chart, err)
	}
	return path, nil
}

// localChart tells whether the name is a chart's archive, or a folder with a Chart.yaml.
func localChart(name string) (bool, error) {
	info, err := os.Stat(name)
	if err != nil {
		if filepath.IsAbs(name) || strings.HasPrefix(name, ".") {
			return false, fmt.Errorf("chart %s is not there: %w", name, err)
		}
		return false, nil
	}
	if !info.IsDir() {
		return true, nil
	}
	if _, err := os.Stat(filepath.Join(name, "Chart.yaml")); err != nil {
		return false, nil
	}
	return true, nil
}

func (h helm) updateDependencies(path string, s spec) error {
	manager := &downloader.Manager{
		Out: io.Discard, ChartPath: path, Keyring: s.Keyring, Getters: helmgetter.All(h.settings),
		RepositoryConfig: h.settings.RepositoryConfig, RepositoryCache: h.settings.RepositoryCache,
		RegistryClient: h.action.RegistryClient,
	}
	return manager.Update()
}

// lint runs Helm's linter over the chart with the release's values.
func lint(path string, s spec) error {
	linter := action.NewLint()
	linter.Namespace = s.Namespace
	result := linter.Run([]string{path}, s.Values)
	if len(result.Errors) == 0 {
		return nil
	}
	var texts []string
	for _, message := range result.Messages {
		for _, err := range result.Errors {
			if err == message.Err {
				texts = append(texts, fmt.Sprintf("%s: %v", message.Path, message.Err))
				break
			}
		}
	}
	return fmt.Errorf("helm lint: %s", strings.Join(texts, "; "))
}
