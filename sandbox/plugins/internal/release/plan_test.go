package release

import (
	"strings"
	"testing"

	helmrelease "helm.sh/helm/v3/pkg/release"
)

func history(statuses string) []*helmrelease.Release {
	var revisions []*helmrelease.Release
	for i, status := range strings.Fields(statuses) {
		revisions = append(revisions, &helmrelease.Release{Version: i + 1, Info: &helmrelease.Info{Status: helmrelease.Status(status)}})
	}
	return revisions
}

func TestPlanFor(t *testing.T) {
	for statuses, want := range map[string]plan{
		"":                                    {install: true},
		"deployed":                            {serves: true},
		"superseded deployed":                 {serves: true},
		"superseded deployed failed":          {serves: true},
		"failed":                              {},
		"failed failed":                       {},
		"pending-install":                     {first: startOver, install: true},
		"uninstalling":                        {first: startOver, install: true},
		"uninstalled":                         {first: startOver, install: true},
		"deployed pending-upgrade":            {first: rollBack, to: 1, serves: true},
		"superseded deployed pending-upgrade": {first: rollBack, to: 2, serves: true},
		"superseded deployed failed pending-rollback": {first: rollBack, to: 2, serves: true},
		"failed pending-upgrade":                      {first: declareFailed},
	} {
		if got := planFor(history(statuses)); got != want {
			t.Errorf("%q: got %+v, want %+v", statuses, got, want)
		}
	}
}

// An upgrade does not run the hooks of an install: a first install that never got past them is done again.
func TestFailedInstallWithUnfinishedHooksStartsOver(t *testing.T) {
	for phase, want := range map[helmrelease.HookPhase]step{
		helmrelease.HookPhaseFailed: startOver, helmrelease.HookPhaseUnknown: startOver, helmrelease.HookPhaseSucceeded: nothing,
	} {
		revisions := history("failed")
		revisions[0].Hooks = []*helmrelease.Hook{
			{Events: []helmrelease.HookEvent{helmrelease.HookPreInstall}, LastRun: helmrelease.HookExecution{Phase: phase}},
			{Events: []helmrelease.HookEvent{helmrelease.HookPostInstall}},
		}
		if got := planFor(revisions).first; got != want {
			t.Errorf("%s: got %v, want %v", phase, got, want)
		}
	}
}
