package random

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"
)

// The character classes of a generated string, as the official provider has them.
const (
	lowerChars     = "abcdefghijklmnopqrstuvwxyz"
	upperChars     = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	numericChars   = "0123456789"
	defaultSpecial = "!@#$%&*()-_=+[]{}<>:?"
)

// charset says what a generated string is made of. Lengths and minimums count characters.
type charset struct {
	length                                     int
	lower, upper, numeric, special             bool
	minLower, minUpper, minNumeric, minSpecial int
	overrideSpecial                            string
}

// specials are the special characters in use.
func (c charset) specials() string {
	if c.overrideSpecial != "" {
		return c.overrideSpecial
	}
	return defaultSpecial
}

// class is one kind of character: the characters, whether they may occur and how many there must be.
type class struct {
	name    string
	chars   string
	allowed bool
	minimum int
}

func (c charset) classes() []class {
	return []class{
		{"Lower", lowerChars, c.lower, c.minLower},
		{"Upper", upperChars, c.upper, c.minUpper},
		{"Numeric", numericChars, c.numeric, c.minNumeric},
		{"Special", c.specials(), c.special, c.minSpecial},
	}
}

// problems lists what cannot be met, each with the property it is about.
func (c charset) problems() map[string]string {
	found := map[string]string{}
	if c.length < 1 {
		found["length"] = fmt.Sprintf("length is %d: it must be 1 or more", c.length)
	}
	sum, allowed := 0, false
	for _, class := range c.classes() {
		if class.minimum < 0 {
			found["min"+class.name] = fmt.Sprintf("min%s is %d: it must be 0 or more", class.name, class.minimum)
		}
		sum += class.minimum
		allowed = allowed || class.allowed
	}
	if c.length >= 1 && sum > c.length {
		found["length"] = fmt.Sprintf("length is %d: the minimums ask for %d characters", c.length, sum)
	}
	if !allowed {
		found["special"] = "lower, upper, numeric and special are all false: at least one must be true"
	}
	return found
}

// generate makes a string of the charset; every string that meets the minimums the same way is equally likely.
func (c charset) generate() (string, error) {
	var all strings.Builder
	out := make([]rune, 0, c.length)
	for _, class := range c.classes() {
		if class.allowed {
			all.WriteString(class.chars)
		}
		for range class.minimum {
			r, err := pick([]rune(class.chars))
			if err != nil {
				return "", err
			}
			out = append(out, r)
		}
	}
	chars := []rune(all.String())
	for len(out) < c.length {
		r, err := pick(chars)
		if err != nil {
			return "", err
		}
		out = append(out, r)
	}
	// The minimums came first: their places must not be known.
	if err := shuffle(out); err != nil {
		return "", err
	}
	return string(out), nil
}

// pick takes one of the characters, each as likely as the next.
func pick(chars []rune) (rune, error) {
	i, err := below(len(chars))
	if err != nil {
		return 0, err
	}
	return chars[i], nil
}

// shuffle puts the characters in a random order, every order equally likely (Fisher-Yates).
func shuffle(chars []rune) error {
	for i := len(chars) - 1; i > 0; i-- {
		j, err := below(i + 1)
		if err != nil {
			return err
		}
		chars[i], chars[j] = chars[j], chars[i]
	}
	return nil
}

// below draws a number from 0 to n-1 without bias.
func below(n int) (int, error) {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		return 0, fmt.Errorf("no randomness from the system: %w", err)
	}
	return int(i.Int64()), nil
}
