package random

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"golang.org/x/crypto/bcrypt"

	"lakehouse/sandbox/plugins/internal/props"
)

const urnOf = "urn:pulumi:dev::p::random:index/random%s:Random%s::r"

func urn(kind string) string { return fmt.Sprintf(urnOf, kind, kind) }

func create(t *testing.T, kind string, inputs map[string]any, preview bool) (string, resource.PropertyMap) {
	t.Helper()
	s, err := props.Encode(resource.NewPropertyMapFromMap(inputs), "inputs")
	if err != nil {
		t.Fatal(err)
	}
	r, err := (&Provider{}).Create(context.Background(), &pulumirpc.CreateRequest{Urn: urn(kind), Properties: s, Preview: preview})
	if err != nil {
		t.Fatal(err)
	}
	state, err := props.Decode(r.Properties, "state")
	if err != nil {
		t.Fatal(err)
	}
	return r.Id, state
}

func TestPasswordIsSecretAndOfItsCharset(t *testing.T) {
	id, state := create(t, "Password", map[string]any{"length": 40.0, "special": false, "minUpper": 5.0}, false)
	if id != "none" {
		t.Errorf("id %q shows", id)
	}
	if !state["result"].IsSecret() || !state["bcryptHash"].IsSecret() {
		t.Fatal("result and bcryptHash must be secret")
	}
	result := state["result"].SecretValue().Element.StringValue()
	if !regexp.MustCompile(`^[A-Za-z0-9]{40}$`).MatchString(result) {
		t.Errorf("%q is not 40 letters and digits", result)
	}
	if upper := len(regexp.MustCompile(`[A-Z]`).FindAllString(result, -1)); upper < 5 {
		t.Errorf("%d upper-case letters, want 5 or more", upper)
	}
	hash := state["bcryptHash"].SecretValue().Element.StringValue()
	if err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(result)); err != nil {
		t.Errorf("bcryptHash is not the password's: %v", err)
	}
}

func TestPreviewKnowsNoResult(t *testing.T) {
	id, state := create(t, "Password", map[string]any{"length": 40.0}, true)
	if id != "" || !state.ContainsUnknowns() || !state["result"].IsSecret() {
		t.Errorf("id %q, state %v", id, state)
	}
}

func TestOtherKinds(t *testing.T) {
	id, state := create(t, "String", map[string]any{"length": 8.0, "upper": false, "special": false}, false)
	if result := state["result"].StringValue(); result != id || !regexp.MustCompile(`^[a-z0-9]{8}$`).MatchString(result) {
		t.Errorf("RandomString: id %q, result %q", id, result)
	}
	_, state = create(t, "Id", map[string]any{"byteLength": 4.0, "prefix": "p-"}, false)
	if hex := state["hex"].StringValue(); !regexp.MustCompile(`^p-[0-9a-f]{8}$`).MatchString(hex) {
		t.Errorf("RandomId: hex %q", hex)
	}
	id, _ = create(t, "Uuid", nil, false)
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
		t.Errorf("RandomUuid: %q", id)
	}
}

// Every character is drawn as often as the next: 200000 draws of 62 characters, chi-square with 61 degrees of freedom,
// which 120 exceeds once in 100000 times.
func TestCharactersAreEvenlyDistributed(t *testing.T) {
	counts := map[rune]int{}
	c := charset{length: 1000, lower: true, upper: true, numeric: true}
	for range 200 {
		text, err := c.generate()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range text {
			counts[r]++
		}
	}
	expected, chi := 200000.0/62, 0.0
	for _, n := range counts {
		chi += math.Pow(float64(n)-expected, 2) / expected
	}
	if len(counts) != 62 || chi > 120 {
		t.Errorf("%d characters, chi-square %.0f", len(counts), chi)
	}
}

func TestMinimumsHaveNoFixedPlace(t *testing.T) {
	first := map[bool]int{}
	c := charset{length: 10, lower: true, numeric: true, minNumeric: 1}
	for range 200 {
		text, err := c.generate()
		if err != nil {
			t.Fatal(err)
		}
		first[strings.ContainsAny(text[:1], numericChars)]++
	}
	if first[true] == 0 || first[false] == 0 {
		t.Errorf("the first character is always the same kind: %v", first)
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		inputs   map[string]any
		property string
	}{
		{map[string]any{"length": 0.0}, "length"},
		{map[string]any{}, "length"},
		{map[string]any{"length": 3.0, "minLower": 2.0, "minUpper": 2.0}, "length"},
		{map[string]any{"length": 3.0, "minLower": -1.0}, "minLower"},
		{map[string]any{"length": 3.0, "lower": false, "upper": false, "numeric": false, "special": false}, "special"},
		{map[string]any{"length": 3.0}, ""},
	} {
		s, err := props.Encode(resource.NewPropertyMapFromMap(c.inputs), "inputs")
		if err != nil {
			t.Fatal(err)
		}
		r, err := (&Provider{}).Check(context.Background(), &pulumirpc.CheckRequest{Urn: urn("Password"), News: s})
		if err != nil {
			t.Fatal(err)
		}
		if c.property == "" && len(r.Failures) > 0 || c.property != "" && (len(r.Failures) != 1 || r.Failures[0].Property != c.property) {
			t.Errorf("%v: failures %v, want %q", c.inputs, r.Failures, c.property)
		}
	}
}

func TestDiffReplacesForAnyOtherValue(t *testing.T) {
	for _, c := range []struct {
		name     string
		old, new map[string]any
		want     string
	}{
		{"same", map[string]any{"length": 8.0}, map[string]any{"length": 8.0}, ""},
		{"default written out", map[string]any{"length": 8.0}, map[string]any{"length": 8.0, "upper": true}, ""},
		{"length", map[string]any{"length": 8.0}, map[string]any{"length": 9.0}, "length"},
		{"keepers", map[string]any{"length": 8.0, "keepers": map[string]any{"n": "1"}},
			map[string]any{"length": 8.0, "keepers": map[string]any{"n": "2"}}, "keepers"},
		{"bookkeeping", map[string]any{"length": 8.0, "__defaults": []any{}}, map[string]any{"length": 8.0}, ""},
	} {
		olds, _ := props.Encode(resource.NewPropertyMapFromMap(c.old), "old inputs")
		news, _ := props.Encode(resource.NewPropertyMapFromMap(c.new), "inputs")
		r, err := (&Provider{}).Diff(context.Background(), &pulumirpc.DiffRequest{Urn: urn("Password"), OldInputs: olds, News: news})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(r.Replaces, ","); got != c.want {
			t.Errorf("%s: replaces %q, want %q", c.name, got, c.want)
		}
	}
}

func TestImport(t *testing.T) {
	r, err := (&Provider{}).Read(context.Background(), &pulumirpc.ReadRequest{Urn: urn("Password"), Id: "existing-password"})
	if err != nil {
		t.Fatal(err)
	}
	state, _ := props.Decode(r.Properties, "state")
	if r.Id != "none" || state["result"].SecretValue().Element.StringValue() != "existing-password" {
		t.Errorf("id %q, state %v", r.Id, state)
	}
	inputs, _ := props.Decode(r.Inputs, "inputs")
	if inputs["length"].NumberValue() != 17 {
		t.Errorf("inputs %v", inputs)
	}
	if _, err := (&Provider{}).Read(context.Background(), &pulumirpc.ReadRequest{Urn: urn("Uuid"), Id: "no-uuid"}); err == nil {
		t.Error("no-uuid was imported as a UUID")
	}
}

func TestUnknownKindIsNamed(t *testing.T) {
	_, err := (&Provider{}).Create(context.Background(), &pulumirpc.CreateRequest{Urn: urn("Pet")})
	if err == nil || !strings.Contains(err.Error(), "RandomPassword") {
		t.Errorf("%v", err)
	}
}
