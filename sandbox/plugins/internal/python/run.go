package python

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

//go:embed runner.py
var runner string

// messageShown is the exit code by which runner.py says that it has reported the failure itself.
const messageShown = 32

// gracePeriod is how long a cancelled program may take to end by itself.
const gracePeriod = 3 * time.Second

// settings is what runner.py reads from its third file descriptor.
type settings struct {
	Project          string            `json:"project"`
	Stack            string            `json:"stack"`
	Organization     string            `json:"organization"`
	RootDirectory    string            `json:"root_directory"`
	Monitor          string            `json:"monitor"`
	Engine           string            `json:"engine"`
	Parallel         int32             `json:"parallel"`
	DryRun           bool              `json:"dry_run"`
	Pwd              string            `json:"pwd"`
	Program          string            `json:"program"`
	Args             []string          `json:"args"`
	Config           map[string]string `json:"config"`
	ConfigSecretKeys []string          `json:"config_secret_keys"`
}

// settingsOf translates the engine's request.
func settingsOf(req *pulumirpc.RunRequest, engine string) settings {
	info := req.GetInfo()
	program := filepath.Join(info.GetProgramDirectory(), info.GetEntryPoint())
	args := req.GetArgs()
	if args == nil {
		args = []string{}
	}
	config := req.GetConfig()
	if config == nil {
		config = map[string]string{}
	}
	keys := req.GetConfigSecretKeys()
	if keys == nil {
		keys = []string{}
	}
	return settings{
		Project: req.GetProject(), Stack: req.GetStack(), Organization: req.GetOrganization(),
		RootDirectory: info.GetRootDirectory(), Monitor: req.GetMonitorAddress(), Engine: engine,
		Parallel: req.GetParallel(), DryRun: req.GetDryRun(), Pwd: req.GetPwd(), Program: program,
		Args: args, Config: config, ConfigSecretKeys: keys,
	}
}

// Run runs a program to its end. Its output goes to this process's, where the engine reads it.
func (h *Host) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	env, err := environmentOf(req.GetInfo())
	if err != nil {
		return nil, err
	}
	python, err := env.python()
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(settingsOf(req, h.engineAddress()))
	if err != nil {
		return nil, err
	}
	code, err := h.runPython(ctx, python, env.environ(), req.GetPwd(), content)
	if err != nil {
		return nil, err
	}
	switch code {
	case 0:
		return &pulumirpc.RunResponse{}, nil
	case messageShown:
		return &pulumirpc.RunResponse{Bail: true}, nil
	default:
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("Program exited with non-zero exit code: %d", code)}, nil
	}
}

// runPython starts the runner with the settings on file descriptor 3 (config holds secrets: neither arguments nor the
// environment show them) and returns its exit code, -1 for one ended by a signal.
func (h *Host) runPython(ctx context.Context, python string, environ []string, pwd string, content []byte) (int, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer read.Close()
	run, stop := context.WithCancel(ctx)
	defer stop()
	defer h.track(stop)()

	cmd := exec.CommandContext(run, python, "-u", "-c", runner)
	cmd.Dir = pwd
	cmd.Env = environ
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{read}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = gracePeriod
	if err := cmd.Start(); err != nil {
		write.Close()
		return 0, fmt.Errorf("cannot start %s: %w", python, err)
	}
	_, err = write.Write(content)
	err = errors.Join(err, write.Close())
	waitErr := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(waitErr, &exit) {
		return exit.ExitCode(), nil
	}
	if waitErr != nil {
		return 0, waitErr
	}
	return 0, err
}
