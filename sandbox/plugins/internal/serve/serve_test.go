package serve

import "testing"

func TestEngineAddressIsTheLastArgument(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, ""},
		{[]string{"127.0.0.1:99"}, "127.0.0.1:99"},
		{[]string{"--logtostderr", "-v=9", "127.0.0.1:99"}, "127.0.0.1:99"},
		{[]string{"-v=9"}, ""},
	} {
		if got := EngineAddress(c.args); got != c.want {
			t.Errorf("%v: got %q, want %q", c.args, got, c.want)
		}
	}
}
