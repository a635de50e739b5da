// Package engine sends a plugin's messages to the Pulumi engine, which shows them beside the resource that they are about.
package engine

import (
	"context"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// sendTimeout bounds one message: a busy or vanished engine must not hold up the work.
const sendTimeout = 5 * time.Second

// Log is the engine's log. A nil Log, or one without an address, drops everything.
type Log struct {
	client pulumirpc.EngineClient
	// Redact, if set, removes what must not be shown from every message.
	Redact func(string) string

	mu   sync.Mutex
	last map[string]string // the status shown last, by URN: a repeated one is not sent again
	said map[string]bool   // the warnings of WarnOnce
}

// Connect makes the log of the engine at the address "host:port".
func Connect(address string) (*Log, error) {
	if address == "" {
		return &Log{}, nil
	}
	conn, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()), rpcutil.GrpcChannelOptions())
	if err != nil {
		return nil, err
	}
	return &Log{client: pulumirpc.NewEngineClient(conn), last: map[string]string{}, said: map[string]bool{}}, nil
}

// Info adds a line to the resource's messages.
func (l *Log) Info(urn, message string) { l.send(pulumirpc.LogSeverity_INFO, urn, message, false) }

// Warn adds a warning to the resource's messages.
func (l *Log) Warn(urn, message string) { l.send(pulumirpc.LogSeverity_WARNING, urn, message, false) }

// WarnOnce warns, about no resource in particular, of what holds for all of them.
func (l *Log) WarnOnce(message string) {
	if l == nil || l.client == nil {
		return
	}
	l.mu.Lock()
	said := l.said[message]
	l.said[message] = true
	l.mu.Unlock()
	if !said {
		l.send(pulumirpc.LogSeverity_WARNING, "", message, false)
	}
}

// Status replaces the line shown while the resource is worked on; "" clears it.
func (l *Log) Status(urn, message string) {
	if l == nil || l.client == nil {
		return
	}
	l.mu.Lock()
	same := l.last[urn] == message
	l.last[urn] = message
	l.mu.Unlock()
	if !same {
		l.send(pulumirpc.LogSeverity_INFO, urn, message, true)
	}
}

func (l *Log) send(severity pulumirpc.LogSeverity, urn, message string, ephemeral bool) {
	if l == nil || l.client == nil {
		return
	}
	if l.Redact != nil {
		message = l.Redact(message)
	}
	ctx, cancel := context.WithTimeout(context.Background(), sendTimeout)
	defer cancel()
	// A message that cannot be delivered is no reason to fail the operation.
	_, _ = l.client.Log(ctx, &pulumirpc.LogRequest{
		Severity: severity, Urn: urn, Message: message, Ephemeral: ephemeral,
	})
}
