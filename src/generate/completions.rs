//! What a shell needs to complete `undertone`: clap's script, and what that does not know. Contacts
//! complete where one is named, and options are offered once a dash is typed, so that the commands
//! come first.

use std::io::Write;

use clap_complete::Shell;

use crate::cli::Cli;
use crate::commands::CommandError;

/// Wraps clap's function: contacts for `peers rename` and `peers forget`, else its own words, those
/// that begin with a dash only where one was typed.
const BASH: &str = r#"
_undertone_words() {
    local word="${COMP_WORDS[COMP_CWORD]}" IFS=$'\n'
    case " ${COMP_WORDS[*]:1:COMP_CWORD-1} " in
        *peers*rename*|*peers*forget*)
            if [[ $word != -* ]]; then
                COMPREPLY=($(compgen -W "$(undertone peers names 2>/dev/null)" -- "$word"))
                return
            fi ;;
    esac
    IFS=$' \t\n'
    _undertone "$@"
    local kept=() reply
    for reply in "${COMPREPLY[@]}"; do
        [[ $word == -* || $reply != -* ]] && kept+=("$reply")
    done
    COMPREPLY=("${kept[@]}")
}
complete -F _undertone_words -o nosort -o bashdefault -o default undertone
"#;

const FISH: &str = r#"
complete -c undertone -n "__fish_seen_subcommand_from rename forget" -f -a "(undertone peers names 2>/dev/null)"
"#;

/// clap's script asks for this where a contact is named.
const ZSH: &str = r#"
_undertone_contacts() {
    local -a names
    names=("${(@f)$(undertone peers names 2>/dev/null)}")
    compadd -a names
}
"#;

/// Writes the completions of a shell.
///
/// # Errors
/// [`CommandError::Output`].
pub fn completions(shell: Shell, out: &mut impl Write) -> Result<(), CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::definition(), "undertone", &mut script);
    match shell {
        Shell::Bash => script.extend_from_slice(BASH.as_bytes()),
        Shell::Fish => script.extend_from_slice(FISH.as_bytes()),
        Shell::Zsh => script = with_contacts(&String::from_utf8_lossy(&script)).into_bytes(),
        _ => {}
    }
    out.write_all(&script)?;
    Ok(())
}

fn with_contacts(script: &str) -> String {
    let script: Vec<String> = script
        .lines()
        .map(|line| match line.trim_start().starts_with("':who -- ") {
            true => line.replace(":_default'", ":_undertone_contacts'"),
            false => line.to_owned(),
        })
        .collect();
    // The first line says what the file completes.
    let (first, rest) = script
        .split_first()
        .map_or(("", &[][..]), |(first, rest)| (first, rest));
    [first, ZSH, &rest.join("\n"), ""].join("\n")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn contacts_complete_in_each_shell() {
        for (shell, words) in [
            (Shell::Bash, "complete -F _undertone_words"),
            (Shell::Zsh, "key:_undertone_contacts'"),
            (Shell::Fish, "undertone peers names"),
        ] {
            let mut script = Vec::new();
            completions(shell, &mut script).unwrap();
            let script = String::from_utf8(script).unwrap();
            assert!(script.contains(words), "{shell}: {script}");
        }
    }
}
