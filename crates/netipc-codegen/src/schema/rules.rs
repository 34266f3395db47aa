//! Rules that hold for some records only: `when` and `unless` say for which, `then` what they demand.

use toml::Spanned;

use super::check::requirements;
use super::declaration::{RecordDecl, RuleDecl, Setting};
use super::diagnostic::Findings;
use super::enums;
use super::table::Scalar;
use crate::model::{Demand, Enumeration, Field, Kind, Must, Rule, StringRule, Test};

/// Builds the rules of a record.
pub(super) fn check(
    decl: &RecordDecl,
    fields: &[Field],
    enums: &[Enumeration],
    findings: &mut Findings<'_>,
) -> Vec<Rule> {
    let checker = Checker { record: decl.name.get_ref(), fields, enums };
    decl.rules.iter().map(|rule| checker.rule(rule, findings)).collect()
}

/// Builds one test of a field of `fields`.
pub(super) fn test(
    record: &str,
    setting: &Setting,
    equal: bool,
    fields: &[Field],
    enums: &[Enumeration],
    findings: &mut Findings<'_>,
) -> Option<Test> {
    Checker { record, fields, enums }.test(setting, equal, findings)
}

struct Checker<'c> {
    record: &'c str,
    fields: &'c [Field],
    enums: &'c [Enumeration],
}

impl Checker<'_> {
    fn rule(&self, decl: &RuleDecl, findings: &mut Findings<'_>) -> Rule {
        if decl.when.is_empty() && decl.unless.is_empty() {
            let message = format!("the rule of record `{}` does not say when it holds", self.record);
            findings.report(&decl.span, message, "add `when = { FIELD = \"VALUE\" }` or `unless = { .. }`");
        }
        if decl.then.is_empty() {
            let message = format!("the rule of record `{}` demands nothing", self.record);
            findings.report(&decl.span, message, "add `then = { FIELD = .. }`");
        }
        let tests = decl.when.iter().map(|setting| (setting, true));
        let tests = tests.chain(decl.unless.iter().map(|setting| (setting, false)));
        Rule {
            when: tests.filter_map(|(setting, equal)| self.test(setting, equal, findings)).collect(),
            then: decl.then.iter().filter_map(|setting| self.demand(setting, findings)).collect(),
            requirements: requirements(&decl.requirements, findings),
        }
    }

    fn field(&self, name: &Spanned<String>, findings: &mut Findings<'_>) -> Option<&Field> {
        let field = self.fields.iter().find(|field| field.name == *name.get_ref());
        if field.is_none() {
            let message = format!("record `{}` has no field `{}`", self.record, name.get_ref());
            findings.report(&name.span(), message, "name one of its fields");
        }
        field
    }

    fn test(&self, (name, value): &Setting, equal: bool, findings: &mut Findings<'_>) -> Option<Test> {
        let field = self.field(name, findings)?;
        let (Kind::Enum { name: of, .. }, Scalar::Word(word)) = (&field.kind, value.get_ref()) else {
            let message = format!("`{}` = {} cannot decide anything", field.name, value.get_ref());
            findings.report(&name.span(), message, "name a field of type `enum` and one of its values");
            return None;
        };
        self.value(of, &Spanned::new(value.span(), word.clone()), findings)?;
        Some(Test { field: field.name.clone(), value: word.clone(), equal })
    }

    fn value(&self, of: &str, word: &Spanned<String>, findings: &mut Findings<'_>) -> Option<()> {
        let enumeration = self.enums.iter().find(|enumeration| enumeration.name == of)?;
        if !enums::has_value(enumeration, word.get_ref()) {
            enums::unknown_value(enumeration, word, findings);
            return None;
        }
        Some(())
    }

    fn demand(&self, (name, value): &Setting, findings: &mut Findings<'_>) -> Option<Demand> {
        let field = self.field(name, findings)?;
        let must = match (&field.kind, value.get_ref()) {
            (Kind::Number { number, .. }, Scalar::Number(got)) if *got <= number.max() => Must::Number(*got),
            (Kind::Enum { name: of, .. }, Scalar::Word(word)) => {
                self.value(of, &Spanned::new(value.span(), word.clone()), findings)?;
                Must::Value(word.clone())
            }
            (Kind::String(rule), Scalar::Word(word)) if word == "empty" && can_be_empty(rule) => Must::Empty,
            (Kind::String(_), Scalar::Word(word)) if word == "present" => Must::Present,
            (Kind::Table { .. }, Scalar::Word(word)) if word == "empty" => Must::Empty,
            (kind, got) => {
                let message = format!("field `{}` cannot be demanded to be {got}", field.name);
                findings.report(&value.span(), message, remedy(kind));
                return None;
            }
        };
        Some(Demand { field: field.name.clone(), must })
    }
}

fn can_be_empty(rule: &StringRule) -> bool {
    rule.min_length == 0
}

fn remedy(kind: &Kind) -> String {
    match kind {
        Kind::Number { number, .. } => format!("use a number up to {}", number.max()),
        Kind::Enum { name, .. } => format!("use the name of a value of enum `{name}`"),
        Kind::String(rule) if can_be_empty(rule) => "use \"empty\" or \"present\"".to_owned(),
        Kind::String(_) => "its `min_length` says that it is never empty".to_owned(),
        Kind::Table { .. } => "use \"empty\"".to_owned(),
        Kind::Constant { .. } | Kind::Size { .. } | Kind::Count { .. } | Kind::List { .. } => {
            "demand something of numbers, enums, strings and tables only".to_owned()
        }
    }
}
