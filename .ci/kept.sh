# Sourced by .ci/run: in a clone without a folder `target`, makes it a link to one outside, which the next run on this
# machine finds again: compiled dependencies, and the programs that checks install. CUTOUT_CI_CACHE names another place.
#
# The place is one for each toolchain, lock file and set of manifests, so that dependencies come from nothing whenever they
# could come out different. What is of this repository is always compiled anew: Cargo tells by the time of a file whether
# it has changed, which means nothing between clones.

STORE=${CUTOUT_CI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cutout-ci}
KEPT=2 # places; the one that was not used for longest goes

keep() {
    if [ -e target ] && [ ! -L target ]; then
        echo 'kept: nothing, since target is a folder here'
        return
    fi
    mkdir -p "$STORE"
    exec 9> "$STORE/lock"
    if ! flock --nonblock 9; then
        echo "kept: nothing, since another run uses $STORE"
        rm -f target
        return
    fi
    local place
    place=$STORE/$({
        rustc --version --verbose
        cc --version
        python3 --version
        git ls-files -z '*Cargo.toml' Cargo.lock rust-toolchain.toml .cargo | xargs -0 cat
    } | sha256sum | cut -c 1-16)
    if [ -d "$place" ]; then
        echo "kept: $(du -sh "$place" | cut -f 1) in $place"
    else
        echo "kept: nothing yet; from now on $place"
    fi
    mkdir -p "$place"
    touch "$place"
    ln -sfn "$place" target
    # Kubernetes is compiled from Go, and for a version of its own.
    mkdir -p "$STORE/kubernetes"
    ln -sfn "$STORE/kubernetes" target/kubernetes
    cargo clean --quiet --release --workspace
    cargo clean --quiet --release --workspace --target wasm32-wasip2
    cargo clean --quiet --release --workspace --target wasm32-wasip2 --target-dir target/actor
    cargo clean --quiet --release --workspace --target aarch64-unknown-linux-gnu
    find "$STORE" -mindepth 1 -maxdepth 1 -type d ! -name kubernetes -printf '%T@ %p\0' | sort -z -n -r | tail -z -n +$((KEPT + 1)) |
        cut -z -d ' ' -f 2- | xargs -0 -r rm -rf
}
