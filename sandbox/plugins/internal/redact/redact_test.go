package redact

import (
	"encoding/base64"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

func TestText(t *testing.T) {
	var s Set
	if got := s.Text("nothing known"); got != "nothing known" {
		t.Errorf("got %q", got)
	}
	encoded := base64.StdEncoding.EncodeToString([]byte("from-a-secret"))
	s.Learn(resource.PropertyMap{
		"open":  resource.NewStringProperty("openly-said"),
		"plain": resource.MakeSecret(resource.NewStringProperty("hunter2-hunter2")),
		"data": resource.MakeSecret(resource.NewObjectProperty(resource.PropertyMap{
			"k": resource.NewStringProperty(encoded), "port": resource.NewStringProperty("5432"),
		})),
	})
	s.Learn(resource.PropertyMap{
		"uri": resource.MakeSecret(resource.NewStringProperty("postgres://u:hunter2-hunter2@h/d")),
	})
	for text, want := range map[string]string{
		"openly-said on 5432":                           "openly-said on 5432",
		"password hunter2-hunter2 refused":              "password [secret] refused",
		"got from-a-secret and " + encoded:              "got [secret] and [secret]",
		"cannot reach postgres://u:hunter2-hunter2@h/d": "cannot reach [secret]",
	} {
		if got := s.Text(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestWhatIsOpenlySaidIsNoSecret(t *testing.T) {
	secret := resource.PropertyMap{"stringData": resource.MakeSecret(resource.NewObjectProperty(resource.PropertyMap{
		"username": resource.NewStringProperty("postgres"), "password": resource.NewStringProperty("hunter2-hunter2"),
	}))}
	open := resource.PropertyMap{"command": resource.NewArrayProperty([]resource.PropertyValue{
		resource.NewStringProperty("postgres"),
	})}
	for name, order := range map[string][]resource.PropertyMap{"secret first": {secret, open}, "open first": {open, secret}} {
		var s Set
		for _, m := range order {
			s.Learn(m)
		}
		if got := s.Text("pod postgres-0: hunter2-hunter2"); got != "pod postgres-0: [secret]" {
			t.Errorf("%s: got %q", name, got)
		}
	}
}
