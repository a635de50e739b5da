// Package python is a language host for Python programs: the part that the Pulumi engine asks which providers a program
// needs, and to run it.
//
// It is for the sandbox and the tests of this project alone. The official host, where there is one, does far more.
package python

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Version is the release of the official language host whose behaviour this one follows.
const Version = "3.246.0"

// Host answers the engine. It is safe for concurrent use.
type Host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer

	mu     sync.Mutex
	engine string
	nextID int
	stops  map[int]context.CancelFunc
	runs   sync.WaitGroup
}

// New makes the host of the engine at the address "host:port".
func New(engineAddress string) *Host {
	return &Host{engine: engineAddress, stops: map[int]context.CancelFunc{}}
}

// Handshake tells the host the engine's address.
func (h *Host) Handshake(
	_ context.Context, req *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if req.GetEngineAddress() != "" {
		h.engine = req.GetEngineAddress()
	}
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

// GetPluginInfo tells the version.
func (h *Host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: Version}, nil
}

// GetRequiredPackages lists the providers that the program's installed packages need.
func (h *Host) GetRequiredPackages(
	_ context.Context, req *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	env, err := environmentOf(req.GetInfo())
	if err != nil {
		return nil, err
	}
	packages, err := env.plugins()
	if err != nil {
		return nil, err
	}
	return &pulumirpc.GetRequiredPackagesResponse{Packages: packages}, nil
}

// GetRequiredPlugins is GetRequiredPackages for older engines.
func (h *Host) GetRequiredPlugins(
	ctx context.Context, req *pulumirpc.GetRequiredPluginsRequest,
) (*pulumirpc.GetRequiredPluginsResponse, error) {
	packages, err := h.GetRequiredPackages(ctx, &pulumirpc.GetRequiredPackagesRequest{Info: req.GetInfo()})
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.GetRequiredPluginsResponse{}
	for _, p := range packages.GetPackages() {
		response.Plugins = append(response.Plugins, &pulumirpc.PluginDependency{
			Name: p.GetName(), Kind: p.GetKind(), Version: p.GetVersion(), Server: p.GetServer(),
		})
	}
	return response, nil
}

// About tells which interpreter runs the program.
func (h *Host) About(ctx context.Context, req *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	env, err := environmentOf(req.GetInfo())
	if err != nil {
		return nil, err
	}
	python, err := env.python()
	if err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, python, "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("%s --version: %w", python, err)
	}
	version := strings.TrimPrefix(strings.TrimSpace(string(out)), "Python ")
	return &pulumirpc.AboutResponse{Executable: python, Version: version}, nil
}

// RuntimeOptionsPrompts has nothing to ask for a new project.
func (h *Host) RuntimeOptionsPrompts(
	context.Context, *pulumirpc.RuntimeOptionsRequest,
) (*pulumirpc.RuntimeOptionsResponse, error) {
	return &pulumirpc.RuntimeOptionsResponse{}, nil
}

// Template has nothing to add to a new project.
func (h *Host) Template(context.Context, *pulumirpc.TemplateRequest) (*pulumirpc.TemplateResponse, error) {
	return &pulumirpc.TemplateResponse{}, nil
}

// Cancel ends the programs that run.
func (h *Host) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	h.Stop()
	return &emptypb.Empty{}, nil
}

// Stop ends the programs that run.
func (h *Host) Stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, stop := range h.stops {
		stop()
	}
}

// StopAndWait ends the programs that run and returns when they are gone.
func (h *Host) StopAndWait() {
	h.Stop()
	h.runs.Wait()
}

// track remembers how to stop a running program until the returned function is called.
func (h *Host) track(stop context.CancelFunc) (forget func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.nextID++
	id := h.nextID
	h.stops[id] = stop
	h.runs.Add(1)
	return func() {
		defer h.runs.Done()
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.stops, id)
	}
}

func (h *Host) engineAddress() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.engine
}
