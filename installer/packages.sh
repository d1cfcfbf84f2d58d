# SPDX-License-Identifier: Apache-2.0
# The one list of Debian 12 packages, by purpose, and how the missing ones get installed.
# Sourced by installer/quickstart and tests/run.

PACKAGES_BUILD=(
    g++ cmake ninja-build pkg-config
    libcli11-dev libfmt-dev libsodium-dev libspdlog-dev libsqlite3-dev libssl-dev libxxhash-dev
    libzstd-dev nlohmann-json3-dev
)
# The window: Qt, and what it needs to show text and its icon on X11 and Wayland.
PACKAGES_GUI=(qt6-base-dev qt6-wayland libqt6svg6 fonts-dejavu-core)
# Qt's test library comes with qt6-base-dev; the rest is run by single tests.
PACKAGES_TESTS=(
    qt6-base-dev ccache strace procps sqlite3 xvfb xauth fonts-dejavu-core
    desktop-file-utils appstream
)
PACKAGES_CLANG=(clang libclang-rt-14-dev)
PACKAGES_BENCH=(python3 zstd strace)

# Prints those of "$@" that are not installed.
missing_packages() {
    local name status
    for name in "$@"; do
        status=$(dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null) || status=
        [ "$status" = installed ] || printf '%s\n' "$name"
    done
}

# Installs what is missing of "$@"; touches nothing, and needs no rights, when nothing is.
install_packages() {
    local missing as_root=()
    command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || {
        echo "error: this script installs packages with apt; Debian 12 (or a relative) is needed" >&2
        return 1
    }
    mapfile -t missing < <(missing_packages "$@" | sort -u)
    [ "${#missing[@]}" -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || {
            echo "error: ${#missing[@]} packages are missing, and installing them needs root or sudo;" \
                "nothing was changed; as root run: apt-get install ${missing[*]}" >&2
            return 1
        }
        as_root=(sudo)
    fi
    echo "Installing ${#missing[@]} packages: ${missing[*]}"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null >&2 ||
        echo "warning: apt-get update failed; trying with the lists that are there" >&2
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
        --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" </dev/null >&2 || {
        echo "error: apt-get could not install: ${missing[*]}" >&2
        return 1
    }
}
