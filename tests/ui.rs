//! What must not compile, and the message that it gets: a case for each message
//! of the macros, and one for each rule of a topology.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    // A passing case also makes trybuild build in place of check, so that the
    // constants of queries and bundles are seen.
    cases.pass("tests/ui/*/pass.rs");
    for class in ["bundle", "component", "query", "routing", "topology", "world"] {
        cases.compile_fail(format!("tests/ui/{class}/[!p]*.rs"));
        cases.compile_fail(format!("tests/ui/{class}/p[!a]*.rs"));
    }
}
