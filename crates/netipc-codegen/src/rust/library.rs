//! The root of a crate that holds generated modules.

use super::{camel, snake};
use crate::model::Service;
use crate::text::Text;

/// The root module of a crate of services. `doc` says what they are.
#[must_use]
pub fn library(services: &[Service], source: &str, doc: &str) -> String {
    let mut text = Text::new();
    super::generated_from(source, &mut text);
    text.blank();
    text.comment("//!", doc);
    text.line("#![no_std]");
    text.line("#![forbid(unsafe_code)]");
    text.blank();
    text.line("extern crate alloc;");
    text.blank();
    let mut modules: Vec<_> = services.iter().map(|service| (snake(&service.name), camel(&service.name))).collect();
    modules.sort();
    for (module, _) in &modules {
        text.line(format!("pub mod {module};"));
    }
    text.blank();
    text.line("#[doc(hidden)]");
    text.line("pub mod fuzzing;");
    text.blank();
    for (module, name) in &modules {
        text.line(format!("pub use {module}::{name};"));
    }
    text.render()
}
