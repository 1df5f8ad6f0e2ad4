# What one types daily. `just` lists it.

default:
  @just --list

# all that must pass before a change lands
ci:
  .ci/run

# formats, then lints
lint:
  cargo fmt --all
  cargo clippy --locked --workspace --all-targets -- -D warnings

# the whole suite, or what NAME matches
test NAME="":
  cargo test --locked --workspace {{NAME}}

# the pages that rustdoc makes
doc:
  RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps --open

# a benchmark: link, load, relay, seal, start or terminal
bench NAME:
  cargo build --release --locked --workspace
  cargo bench --locked --workspace --bench {{NAME}}

# a fuzz target for so many seconds; needs a nightly toolchain and cargo-fuzz
fuzz TARGET SECONDS="60":
  cargo +nightly fuzz run {{TARGET}} fuzz/seeds/{{TARGET}} -- -max_total_time={{SECONDS}}

# licences, advisories, sources; needs cargo-deny
deny:
  cargo deny check

# which faults the tests would miss; needs cargo-mutants
mutants *ARGS:
  cargo mutants {{ARGS}}
