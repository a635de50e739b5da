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
	mu sync.Mutex
	// Values seen so far, true for those that were openly said somewhere: the user name and the host that a Kubernetes
	// Secret holds beside the password are no secrets, and a message is no use without them.
	values map[string]bool
	sorted []string // the secrets, longest first, nil when values has changed
}

// Learn takes in all that is in the properties, marked secret or not.
func (s *Set) Learn(m resource.PropertyMap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values == nil {
		s.values = map[string]bool{}
	}
	s.collect(resource.NewObjectProperty(m), false)
}

func (s *Set) collect(v resource.PropertyValue, secret bool) {
	switch {
	case v.IsSecret():
		s.collect(v.SecretValue().Element, true)
	case v.IsOutput():
		s.collect(v.OutputValue().Element, secret || v.OutputValue().Secret)
	case v.IsObject():
		for _, item := range v.ObjectValue() {
			s.collect(item, secret)
		}
	case v.IsArray():
		for _, item := range v.ArrayValue() {
			s.collect(item, secret)
		}
	case v.IsString():
		text := v.StringValue()
		s.add(text, secret)
		// The data of a Kubernetes Secret.
		if decoded, err := base64.StdEncoding.DecodeString(text); secret && err == nil && utf8.Valid(decoded) {
			s.add(string(decoded), secret)
		}
	}
}

func (s *Set) add(text string, secret bool) {
	if text = strings.TrimSpace(text); len(text) < shortest {
		return
	}
	if open, known := s.values[text]; !known || !open && !secret {
		s.values[text], s.sorted = !secret, nil
	}
}

// Text is the text without the secrets.
func (s *Set) Text(text string) string {
	s.mu.Lock()
	if s.sorted == nil {
		for v, open := range s.values {
			if !open {
				s.sorted = append(s.sorted, v)
			}
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
