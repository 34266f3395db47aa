// Package probes_test tests what generated packages of several versions make of each other.
package probes_test

import (
	"errors"
	"testing"

	"github.com/netdata/plugin-ipc/go/internal/probes/gazette"
	"github.com/netdata/plugin-ipc/go/internal/probes/probe1"
	"github.com/netdata/plugin-ipc/go/internal/probes/probe3"
	"github.com/netdata/plugin-ipc/go/proto"
	"github.com/netdata/plugin-ipc/go/proto/codec"
)

// NIPC-EVO-04: what an old program left out has its default.
func TestNewReadersOfOldBytes(t *testing.T) {
	payload, err := probe1.Service{}.EncodeRequest(nil, 100, probe1.Question{State: probe1.StateBroken, First: 3})
	if err != nil {
		t.Fatal(err)
	}
	question, err := probe3.DecodeQuestion(payload)
	want := probe3.Question{State: probe3.StateBroken, First: 3, Most: 10, Except: probe3.StateBroken}
	if err != nil || question != want {
		t.Errorf("got %+v, %v, want %+v", question, err, want)
	}

	old := probe1.AnswerFields{Load: 2, Probes: []probe1.ReadingFields{
		{State: probe1.StateFine, Value: 7, Place: []byte("attic")},
		{State: probe1.StateBroken, Place: []byte("cellar")},
	}}
	payload, err = probe1.EncodeAnswer(nil, 1000, old)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := probe3.DecodeAnswer(payload)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Total() != 0 || answer.Load() != 2 || answer.Probes().Len() != 2 {
		t.Errorf("%+v", answer.Clone())
	}
	reading := answer.Probes().At(0).Clone()
	expected := probe3.ReadingFields{Value: 7, Place: []byte("attic"), Unit: []byte("K"), Weight: 1, Note: []byte{}}
	if !reading.Equal(expected) {
		t.Errorf("got %+v, want %+v", reading, expected)
	}
}

// NIPC-EVO-05, NIPC-EVO-06: old programs pass over what they do not know.
func TestOldReadersOfNewBytes(t *testing.T) {
	payload, err := probe3.Service{}.EncodeRequest(nil, 100, probe3.Question{First: 3, Most: 5, Except: probe3.StateBroken})
	if err != nil {
		t.Fatal(err)
	}
	if question, err := probe1.DecodeQuestion(payload); err != nil || question != (probe1.Question{First: 3}) {
		t.Errorf("got %+v, %v", question, err)
	}

	var b probe3.AnswerBuilder
	b.Reset(nil, 1000)
	b.SetLoad(1)
	b.SetTotal(100)
	reading := probe3.ReadingFields{Value: 7, Place: []byte("attic"), Unit: []byte("mK"), Weight: 2, Note: []byte("warm")}
	if err := b.Add(reading); err != nil {
		t.Fatal(err)
	}
	payload, err = b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := probe1.DecodeAnswer(payload)
	if err != nil {
		t.Fatal(err)
	}
	got := answer.Probes().At(0).Clone()
	if want := (probe1.ReadingFields{Value: 7, Place: []byte("attic")}); !got.Equal(want) || answer.Load() != 1 {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// NIPC-EVO-02, NIPC-EVO-03: the fixed part has a size that some version has.
func TestSizesOfNoVersionAreRefused(t *testing.T) {
	payload, err := probe3.Service{}.EncodeRequest(nil, 100, probe3.Question{})
	if err != nil {
		t.Fatal(err)
	}
	for size := range uint16(len(payload) + 2) {
		codec.PutUint16(payload, 0, size)
		_, err := probe3.DecodeQuestion(payload)
		var offence *codec.DecodeError
		switch {
		case size == 20:
			if err != nil {
				t.Error(err)
			}
		case !errors.As(err, &offence) || offence.Field == "first":
			t.Errorf("size %d: %v", size, err)
		case size > 20 && offence.Problem.Rule != codec.Truncated:
			t.Errorf("size %d: %v", size, err)
		case size < 20 && size != 8 && size != 16 && offence.Problem.Rule != codec.FixedSize:
			t.Errorf("size %d: %v", size, err)
		}
	}
}

// NIPC-COD-16, NIPC-COD-22: Go's types let any number into a closed enumeration; encoders do not.
func TestNumbersWithoutANameAreRefused(t *testing.T) {
	_, err := probe3.Service{}.EncodeRequest(nil, 100, probe3.Question{State: 9})
	if want := "probe question: field `state` must be 0, 1, got 9"; !errors.Is(err, proto.APIMisuse) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if got := probe3.State(9).String(); got != "9" {
		t.Errorf("a state without a name is %q", got)
	}
}

// NIPC-COD-23: a rule with a condition, when it is written and when it is read.
func TestRulesNameTheirCondition(t *testing.T) {
	story := gazette.ArticleFields{Sort: gazette.SortStory, Language: gazette.LanguageLatin, Title: []byte("Rain")}
	_, err := gazette.EncodeIssue(nil, 1000, gazette.IssueFields{Articles: []gazette.ArticleFields{story}})
	want := "gazette article: field `text` must not be empty when `sort` is `story` and `language` is not `unknown`"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}

	story.Language = gazette.LanguageUnknown
	payload, err := gazette.EncodeIssue(nil, 1000, gazette.IssueFields{Articles: []gazette.ArticleFields{story}})
	if err != nil {
		t.Fatal(err)
	}
	payload[8+8+4] = 1 // the language of the article
	_, err = gazette.DecodeIssue(payload)
	want = "gazette article 0: field `text` at byte 32 must not be empty when `sort` is `story` and `language` is not `unknown`"
	if !errors.Is(err, proto.InvalidMessage) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A table has as many rows as its count can tell: NIPC-COD-16, NIPC-COD-20.
func TestTablesKeepTheirCount(t *testing.T) {
	tags := make([]gazette.Tag, 256)
	for i := range tags {
		tags[i].Word = []byte("rain")
	}
	article := gazette.ArticleFields{Title: []byte("Rain"), Text: []byte("It rained."), Tags: tags}
	_, err := gazette.EncodeIssue(nil, 1<<20, gazette.IssueFields{Articles: []gazette.ArticleFields{article}})
	if want := "gazette article: field `tags` must have 255 rows or fewer, got 256"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	article.Tags = tags[:255]
	payload, err := gazette.EncodeIssue(nil, 1<<20, gazette.IssueFields{Articles: []gazette.ArticleFields{article}})
	if err != nil {
		t.Fatal(err)
	}
	issue, err := gazette.DecodeIssue(payload)
	if err != nil {
		t.Fatal(err)
	}
	rows := issue.Articles().At(0).Tags()
	if rows.Len() != 255 || string(rows.At(254).Word) != "rain" {
		t.Errorf("%d tags, the last is %q", rows.Len(), rows.At(254).Word)
	}
}
