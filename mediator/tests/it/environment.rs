//! Options out of the environment: what is empty, what is wrong, and what is told of it.

use std::process::{Command, Output, Stdio};

fn run(variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_undertone-mediator"))
        .env_clear()
        .envs(variables.iter().copied())
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Exit code and stderr.
fn refused(variables: &[(&str, &str)], arguments: &[&str]) -> (i32, String) {
    let output = run(variables, arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), text)
}

/// All variables, as the manual has them.
fn variables() -> Vec<String> {
    let page = String::from_utf8(run(&[], &["man"]).stdout).unwrap();
    let bold = page
        .split("\\fB")
        .filter_map(|text| text.split("\\fR").next());
    let variables: Vec<_> = bold.filter(|name| name.starts_with("UNDERTONE_")).collect();
    assert!(variables.len() >= 14, "{variables:?}");
    variables.into_iter().map(str::to_owned).collect()
}

#[test]
fn an_empty_variable_is_not_set() {
    let names = variables();
    let empty: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
    // It comes as far as an address that is nobody's here.
    let (code, err) = refused(&empty, &["--listen", "192.0.2.1:1"]);
    assert_eq!(code, 3, "{err}");
    let help = run(&empty, &["--help"]);
    assert_eq!(help.status.code(), Some(0));
}

#[test]
fn a_wrong_value_is_told_of_the_variable() {
    for (variables, named) in [
        (
            &[("UNDERTONE_MEDIATOR_MAX_ROOMS", "0")][..],
            "MAX_ROOMS is \"0\"",
        ),
        (
            &[("UNDERTONE_MEDIATOR_RELAY", "maybe")],
            "RELAY is \"maybe\"",
        ),
        (
            &[("UNDERTONE_MEDIATOR_LISTEN", "70000")],
            "LISTEN is \"70000\"",
        ),
        (
            &[("UNDERTONE_MEDIATOR_RELAY_RATE", "5000")],
            "comes from UNDERTONE_MEDIATOR_RELAY_RATE",
        ),
        (
            &[("UNDERTONE_MEDIATOR_TLS_CERT", "a.pem")],
            "comes from UNDERTONE_MEDIATOR_TLS_CERT",
        ),
        (
            &[
                ("UNDERTONE_MEDIATOR_LAN", "1"),
                ("UNDERTONE_MEDIATOR_TRUST_PROXY", "1"),
            ],
            "UNDERTONE_MEDIATOR_LAN announces",
        ),
    ] {
        let (code, err) = refused(variables, &[]);
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(named), "{named}: {err}");
    }
}

#[test]
fn a_fault_of_the_command_line_is_not_told_of_a_variable() {
    let right = [("UNDERTONE_MEDIATOR_MAX_ROOMS", "5")];
    let (code, err) = refused(&right, &["--joins-per-minute", "many"]);
    assert_eq!(code, 2, "{err}");
    assert!(
        err.contains("--joins-per-minute") && !err.contains("UNDERTONE"),
        "{err}"
    );
    // A variable that is passed over is not read.
    let wrong = [("UNDERTONE_MEDIATOR_LISTEN", "x:y:z")];
    let (code, err) = refused(&wrong, &["--listen", "192.0.2.1:1"]);
    assert!(code == 3 && err.contains("(--listen)"), "{err}");
}

#[test]
fn what_cannot_be_listened_on_is_told_of_the_variable() {
    let nowhere = [("UNDERTONE_MEDIATOR_LISTEN", "192.0.2.1:1")];
    let (code, err) = refused(&nowhere, &[]);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("(UNDERTONE_MEDIATOR_LISTEN)"), "{err}");
}
