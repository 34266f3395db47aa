//! Tests of generated packages: properties of their codecs, and targets for Go's fuzzer.

use std::collections::BTreeSet;

use super::names::exported;
use super::{MODULE, Options, Query, Shape, generated_from, imports, render};
use crate::model::Service;
use crate::text::Text;

/// The test file of a service of this project.
#[must_use]
pub fn tests(service: &Service, options: &Options) -> String {
    let mut text = Text::new();
    generated_from(&service.source, &mut text);
    text.blank();
    text.line(format!("package {}", options.package_of(service)));
    text.blank();
    imports(&BTreeSet::from(["testing"]), &BTreeSet::from([format!("{MODULE}/internal/codectest")]), &mut text);
    text.blank();
    if let (Some(request), Some(reply)) = (service.record(&service.request), service.record(&service.reply)) {
        let request = Shape::new(service, request);
        role("request", &request, &encode_request(&request, ""), &mut text);
        let reply = Shape::new(service, reply);
        role("reply", &reply, &[format!("return Encode{}(dst, budget, fields)", reply.view)], &mut text);
    }
    render(&text)
}

fn role(name: &str, shape: &Shape<'_>, encode: &[String], text: &mut Text) {
    let (codec, values, view) = (format!("{name}Codec"), shape.values(), &shape.view);
    let is_plain = shape.record.is_plain();
    text.block(format!("var {codec} = codectest.Codec[{values}]{{"), "}", |text| {
        text.block(format!("Encode: func(dst []byte, budget int, fields {values}) ([]byte, error) {{"), "},", |text| {
            encode.iter().for_each(|line| text.line(line));
        });
        text.block(format!("Decode: func(payload []byte) ({values}, error) {{"), "},", |text| {
            if is_plain {
                text.line(format!("return Decode{view}(payload)"));
                return;
            }
            text.line(format!("view, err := Decode{view}(payload)"));
            text.block("if err != nil {", "}", |text| text.line(format!("return {values}{{}}, err")));
            text.line("return view.Clone(), nil");
        });
        text.block("Check: func(payload []byte) error {", "},", |text| {
            text.line(format!("_, err := Decode{view}(payload)"));
            text.line("return err");
        });
        let equal =
            if is_plain { format!("func(a, b {values}) bool {{ return a == b }}") } else { format!("{values}.Equal") };
        let mut rows = vec![("Equal:".to_owned(), format!("{equal},"))];
        if shape.service.records.iter().any(|record| record.size_field().is_some()) {
            rows.push(("Grows:".to_owned(), "true,".to_owned()));
        }
        if encode.len() > 1 {
            rows.push(("Converts:".to_owned(), "true,".to_owned()));
        }
        super::members(&rows, text);
    });
    text.blank();
    let test = exported(name);
    text.comment("//", "NIPC-COD-01, NIPC-COD-03, NIPC-COD-14, NIPC-COD-15, NIPC-COD-16");
    text.line(format!("func Test{test}Codec(t *testing.T) {{ {codec}.Test(t) }}"));
    text.blank();
    text.line(format!("func Fuzz{test}(f *testing.F) {{ {codec}.Fuzz(f) }}"));
    text.blank();
}

/// The body of a function that encodes `fields`; several lines when these must be converted first. `package` is what stands
/// before the names of the package.
pub(super) fn encode_request(request: &Shape<'_>, package: &str) -> Vec<String> {
    let encode = |query: &str| format!("return {package}Service{{}}.EncodeRequest(dst, budget, {query})");
    let Some(parts) = request.service.lookup_parts() else {
        let query = match (Query::of(request), request.record.values().next()) {
            (Query::Nothing, _) => "struct{}{}".to_owned(),
            (Query::Value, Some(field)) => format!("fields.{}", request.member(field)),
            _ => "fields".to_owned(),
        };
        return vec![encode(&query)];
    };
    let key = Shape::new(request.service, parts.key);
    let keys = format!("fields.{}", exported(&parts.lookup.keys));
    match (Query::of(&key), key.record.values().next()) {
        (Query::Value, Some(field)) => vec![
            format!("keys := make([]{}, len({keys}))", Query::Value.ty(&key)),
            format!("for i := range {keys} {{"),
            format!("\tkeys[i] = {keys}[i].{}", key.member(field)),
            "}".to_owned(),
            encode("keys"),
        ],
        _ => vec![encode(&keys)],
    }
}
