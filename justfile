# The one list of commands. Each calls cargo or a script that works as well without just.

# List the commands.
default:
    @just --list

# Everything that CI runs.
ci:
    .ci/run

# Build and test it all; end to end too where root and network namespaces are at hand.
test:
    tests/run

# Real DHCP clients against the release binaries, in network namespaces (root).
e2e:
    tests/run e2e

# A simulated cluster that boots and resolves, in one command.
demo *arguments:
    cargo run --release --locked --bin coresmd-demo -- {{ arguments }}

# Measure: micro benches, start and refresh, DHCP beside Kea, DNS beside its peers (root for the last three).
bench *parts:
    tests/bench/run {{ parts }}

# Code lines per file: median, p90, largest; fails above the cap.
sizes:
    tests/sizes

# Each fuzz target for SECONDS.
fuzz-smoke seconds="60":
    tests/fuzz/smoke {{ seconds }}

# The documentation, warnings as errors.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --locked --no-deps --document-private-items

# Licences, sources, advisories of the dependencies.
deny:
    tests/deny

# Replay the recorded behaviour of the originals against the release binaries.
goldens *cases:
    cargo build --release --locked --workspace --bins
    tests/goldens {{ cases }}

# Format the code.
fmt:
    cargo fmt --all

# What CI refuses: formatting, clippy, the borders of the pure crates.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    tests/purity
