package release

import (
	"context"
	"errors"
	"fmt"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/postrender"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
)

// install installs the chart. Helm refuses a name that has a record, whatever its status; an atomic release that fails is
// uninstalled by Helm, another one stays as it is.
func (p *Provider) install(ctx context.Context, h helm, urn string, s spec) (*helmrelease.Release, error) {
	found, err := h.load(s)
	if err != nil {
		return nil, err
	}
	install := action.NewInstall(h.action)
	install.ReleaseName, install.Namespace, install.CreateNamespace = s.Name, s.Namespace, s.CreateNamespace
	install.Wait, install.WaitForJobs, install.Timeout = !s.SkipAwait, !s.SkipAwait && s.WaitForJobs, s.timeout()
	install.Atomic, install.DisableHooks, install.SkipCRDs = s.Atomic, s.DisableWebhooks, s.SkipCrds
	install.Replace, install.TakeOwnership, install.Description = s.Replace, s.TakeOwnership, s.Description
	install.SubNotes, install.DisableOpenAPIValidation = s.RenderSubchartNotes, s.DisableOpenapiValidation
	if install.PostRenderer, err = postRenderer(s); err != nil {
		return nil, err
	}
	made, err := install.RunWithContext(ctx, found.chart, s.Values)
	if err == nil || made == nil {
		return made, err
	}
	if exists, lookErr := h.exists(s.Name); lookErr != nil || !exists {
		return nil, err
	}
	p.Log.Warn(urn, fmt.Sprintf("Helm release %q was created but has a failed status. Use the `helm` command to investigate "+
		"the error, correct it, then retry. Reason: %v", s.Name, err))
	return made, &failure{s.id(), err}
}

// upgrade upgrades the release. Helm refuses one whose last revision is pending or that no revision of was ever deployed or
// failed; an atomic one that fails is rolled back by Helm, another one stays as it is.
func (p *Provider) upgrade(ctx context.Context, h helm, _ string, s spec) (*helmrelease.Release, error) {
	found, err := h.load(s)
	if err != nil {
		return nil, err
	}
	if s.Lint {
		if err := lint(found.path, s); err != nil {
			return nil, err
		}
	}
	upgrade := action.NewUpgrade(h.action)
	upgrade.Namespace, upgrade.MaxHistory, upgrade.Description = s.Namespace, s.MaxHistory, s.Description
	upgrade.Wait, upgrade.WaitForJobs, upgrade.Timeout = !s.SkipAwait, !s.SkipAwait && s.WaitForJobs, s.timeout()
	// The official provider passes this input on here, and disableWebhooks when it installs.
	upgrade.DisableHooks = s.DisableCRDHooks
	upgrade.Atomic, upgrade.CleanupOnFail, upgrade.Force = s.Atomic, s.CleanupOnFail, s.ForceUpdate
	upgrade.ResetValues, upgrade.ReuseValues, upgrade.Recreate = s.ResetValues, s.ReuseValues, s.RecreatePods
	upgrade.SubNotes, upgrade.TakeOwnership = s.RenderSubchartNotes, s.TakeOwnership
	if upgrade.PostRenderer, err = postRenderer(s); err != nil {
		return nil, err
	}
	made, err := upgrade.RunWithContext(ctx, s.Name, found.chart, s.Values)
	if err == nil || made == nil || errors.Is(err, driver.ErrNoDeployedReleases) {
		return made, err
	}
	return made, &failure{s.id(), err}
}

// uninstall uninstalls the release, whatever its status. One without a record is an error.
func (h helm) uninstall(s spec) (info string, err error) {
	uninstall := action.NewUninstall(h.action)
	if s.Atomic || !s.SkipAwait {
		uninstall.Wait, uninstall.Timeout = true, s.timeout()
	}
	response, err := uninstall.Run(s.Name)
	if err != nil {
		return "", err
	}
	return response.Info, nil
}

// last is the newest record of the release, nil if there is none.
func (h helm) last(name string) (*helmrelease.Release, error) {
	found, err := action.NewGet(h.action).Run(name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil, nil
	}
	return found, err
}

func (h helm) exists(name string) (bool, error) {
	found, err := h.last(name)
	return found != nil, err
}

func postRenderer(s spec) (postrender.PostRenderer, error) {
	if s.Postrender == "" {
		return nil, nil
	}
	renderer, err := postrender.NewExec(s.Postrender)
	if err != nil {
		return nil, fmt.Errorf("postrender: %w", err)
	}
	return renderer, nil
}
