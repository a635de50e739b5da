package release

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/status"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/cli"
	"helm.sh/helm/v3/pkg/kube"
	kubefake "helm.sh/helm/v3/pkg/kube/fake"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"

	"lakehouse/sandbox/plugins/internal/props"
)

var errNotReady = errors.New("context deadline exceeded")

// slow never becomes ready by itself.
type slow struct{ kubefake.FailingKubeClient }

func (slow) Wait(kube.ResourceList, time.Duration) error { select {} }

// inMemory is Helm with its records in memory.
func inMemory(client kube.Interface) helm {
	return helm{
		action: &action.Configuration{
			Releases: storage.Init(driver.NewMemory()), KubeClient: client, Capabilities: chartutil.DefaultCapabilities,
			Log: func(string, ...any) {},
		},
		settings: cli.New(),
	}
}

// failing is a cluster that does all that it is told; with wait, nothing becomes ready.
func failing(wait error) *kubefake.FailingKubeClient {
	return &kubefake.FailingKubeClient{PrintingKubeClient: kubefake.PrintingKubeClient{Out: io.Discard}, WaitError: wait}
}

// with puts revisions of these statuses on record.
func (h helm) with(t *testing.T, statuses string) helm {
	t.Helper()
	for i, name := range strings.Fields(statuses) {
		made := helmrelease.Mock(&helmrelease.MockReleaseOptions{Name: "app", Namespace: "ns", Version: i + 1,
			Status: helmrelease.Status(name)})
		made.Manifest = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: c}\n"
		if err := h.action.Releases.Create(made); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// recorded are the statuses on record, oldest first.
func (h helm) recorded() string {
	revisions, err := h.action.Releases.History("app")
	if err != nil {
		return ""
	}
	statuses := make([]string, len(revisions))
	for _, r := range revisions {
		statuses[r.Version-1] = r.Info.Status.String()
	}
	return strings.Join(statuses, " ")
}

func described(t *testing.T) spec {
	t.Helper()
	return spec{Name: "app", Namespace: "ns", Chart: chartFolder(t), Values: map[string]any{"must": "x"}, Timeout: 1}
}

const inUse, inProgress = "cannot re-use a name that is still in use", "another operation (install/upgrade/rollback) is in progress"

// What the official provider does with a release that it finds, by the statuses of the revisions on record.
func TestInstallOverWhatIsOnRecord(t *testing.T) {
	for statuses, want := range map[string]string{
		"": "", "deployed": inUse, "failed": inUse, "pending-install": inUse, "deployed pending-upgrade": inUse,
		"uninstalled": inUse, "uninstalling": inUse,
	} {
		h := inMemory(failing(nil)).with(t, statuses)
		made, err := offline().install(t.Context(), h, urn, described(t))
		if want == "" {
			if err != nil || made.Info.Status != helmrelease.StatusDeployed {
				t.Errorf("%q: %v, %v", statuses, made, err)
			}
		} else if err == nil || err.Error() != want || made != nil || h.recorded() != statuses {
			t.Errorf("%q: %v; now %q", statuses, err, h.recorded())
		}
	}
}

func TestUpgradeOverWhatIsOnRecord(t *testing.T) {
	const none = `"app" has no deployed releases`
	for statuses, want := range map[string]string{
		"deployed": "", "failed": "", "failed failed": "", "superseded deployed failed": "", "superseded failed": "",
		"": none, "uninstalled": none, "uninstalling": none,
		"pending-install": inProgress, "deployed pending-upgrade": inProgress, "deployed failed pending-rollback": inProgress,
		"failed pending-upgrade": inProgress,
	} {
		h := inMemory(failing(nil)).with(t, statuses)
		made, err := offline().upgrade(t.Context(), h, urn, described(t))
		if want == "" {
			if err != nil || made.Info.Status != helmrelease.StatusDeployed {
				t.Errorf("%q: %v, %v", statuses, made, err)
			}
		} else if err == nil || err.Error() != want || made != nil || h.recorded() != statuses {
			t.Errorf("%q: %v; now %q", statuses, err, h.recorded())
		}
	}
}

// A release that does not become ready stays and is a failure; an atomic one is undone by Helm, and its pods are gone.
func TestReleaseThatIsNotReady(t *testing.T) {
	for _, c := range []struct {
		before, after string
		atomic        bool
		stays         bool
		says          string
	}{
		{"", "failed", false, true, "context deadline exceeded"},
		{"", "", true, false, "release app failed, and has been uninstalled due to atomic being set: context deadline exceeded"},
		{"deployed", "deployed failed", false, true, "context deadline exceeded"},
		{"failed", "failed failed", false, true, "context deadline exceeded"},
	} {
		h, s := inMemory(failing(errNotReady)).with(t, c.before), described(t)
		s.Atomic = c.atomic
		var err error
		var made *helmrelease.Release
		if c.before == "" {
			made, err = offline().install(t.Context(), h, urn, s)
		} else {
			made, err = offline().upgrade(t.Context(), h, urn, s)
		}
		var stays *failure
		if err == nil || !strings.Contains(err.Error(), c.says) || errors.As(err, &stays) != c.stays || h.recorded() != c.after {
			t.Errorf("%+v: %v; now %q", c, err, h.recorded())
		}
		if c.stays && (made == nil || made.Info.Status != helmrelease.StatusFailed) {
			t.Errorf("%+v: %v", c, made)
		}
	}
}

// An interrupt (Ctrl-C) is a failure like others: nothing is left pending.
func TestInterruptedInstall(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	h := inMemory(&slow{*failing(nil)})
	_, err := offline().install(ctx, h, urn, described(t))
	var stays *failure
	if !errors.As(err, &stays) || !strings.Contains(err.Error(), "context canceled") || h.recorded() != "failed" {
		t.Errorf("%v; now %q", err, h.recorded())
	}
}

func TestFailureKeepsTheState(t *testing.T) {
	inputs := resource.PropertyMap{"name": text("app"), "namespace": text("ns")}
	state, err := encodeState(inputs, inputs, helmrelease.Mock(&helmrelease.MockReleaseOptions{Name: "app", Status: "failed"}))
	if err != nil {
		t.Fatal(err)
	}
	st, _ := status.FromError(partial("ns/app", "why", state))
	if len(st.Details()) != 1 {
		t.Fatalf("%v", st)
	}
	kept := st.Details()[0].(*pulumirpc.ErrorResourceInitFailed)
	properties, _ := props.Decode(kept.Properties, "state")
	if kept.Id != "ns/app" || kept.Reasons[0] != "why" ||
		properties["status"].ObjectValue()["status"].StringValue() != "failed" {
		t.Errorf("%v", kept)
	}
}

func TestUninstall(t *testing.T) {
	for _, statuses := range []string{"deployed", "failed", "pending-install", "deployed pending-upgrade", "uninstalling", "uninstalled"} {
		h := inMemory(failing(nil)).with(t, statuses)
		if _, err := h.uninstall(described(t)); err != nil || h.recorded() != "" {
			t.Errorf("%q: %v; now %q", statuses, err, h.recorded())
		}
	}
	if _, err := inMemory(failing(nil)).uninstall(described(t)); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("a release that is gone: %v", err)
	}
}

func TestLastIsTheNewestWhateverItsStatus(t *testing.T) {
	h := inMemory(failing(nil)).with(t, "deployed pending-upgrade")
	if last, err := h.last("app"); err != nil || last.Version != 2 {
		t.Errorf("%v, %v", last, err)
	}
	if last, err := inMemory(failing(nil)).last("app"); err != nil || last != nil {
		t.Errorf("none: %v, %v", last, err)
	}
}
