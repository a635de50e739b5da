// Package redact keeps secret values out of messages: a container may log the password that it was given, and its log is
// what a failure shows.
package redact

import (
	"encoding/base64"
	"io"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// shortest is how many bytes a value must have to be looked for: shorter ones, such as "true" or a port, are in every
// other message.
const shortest = 8

// mask stands where a secret was.
const mask = "[secret]"

// Set is a growing set of secret values. The zero value is empty. Safe for concurrent use.
type Set struct {
	mu     sync.Mutex
	values map[string]bool
	sorted []string // longest first, nil when values has changed
}

// Learn takes in all that is marked secret in the properties.
func (s *Set) Learn(m resource.PropertyMap) {
	var found []string
	collect(resource.NewObjectProperty(m), false, &found)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values == nil {
		s.values = map[string]bool{}
	}
	for _, v := range found {
		if !s.values[v] {
			s.values[v], s.sorted = true, nil
		}
	}
}

func collect(v resource.PropertyValue, secret bool, found *[]string) {
	switch {
	case v.IsSecret():
		collect(v.SecretValue().Element, true, found)
	case v.IsOutput():
		collect(v.OutputValue().Element, secret || v.OutputValue().Secret, found)
	case v.IsObject():
		for _, item := range v.ObjectValue() {
			collect(item, secret, found)
		}
	case v.IsArray():
		for _, item := range v.ArrayValue() {
			collect(item, secret, found)
		}
	case v.IsString() && secret:
		text := v.StringValue()
		add(text, found)
		// The data of a Kubernetes Secret.
		if decoded, err := base64.StdEncoding.DecodeString(text); err == nil && utf8.Valid(decoded) {
			add(string(decoded), found)
		}
	}
}

func add(text string, found *[]string) {
	if text = strings.TrimSpace(text); len(text) >= shortest {
		*found = append(*found, text)
	}
}

// Text is the text without the secrets.
func (s *Set) Text(text string) string {
	s.mu.Lock()
	if s.sorted == nil {
		for v := range s.values {
			s.sorted = append(s.sorted, v)
		}
		sort.Slice(s.sorted, func(i, j int) bool { return len(s.sorted[i]) > len(s.sorted[j]) })
	}
	values := s.sorted
	s.mu.Unlock()
	for _, v := range values {
		text = strings.ReplaceAll(text, v, mask)
	}
	return text
}

// Writer passes text on without the secrets. A secret that is cut between two writes is not found.
func (s *Set) Writer(to io.Writer) io.Writer { return writer{s, to} }

type writer struct {
	set *Set
	to  io.Writer
}

func (w writer) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.to, w.set.Text(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
