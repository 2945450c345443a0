#!/usr/bin/env bash
# Installs the Debian packages that are missing. Needs root or sudo only when one is.
set -euo pipefail
packages=(build-essential cmake ninja-build ccache pkg-config python3 python3-yaml
  libsystemc-dev libsqlite3-dev libeigen3-dev libboost-dev libboost-graph-dev libyaml-cpp-dev libbenchmark-dev doctest-dev
  libonnx-dev libprotobuf-dev protobuf-compiler libflatbuffers-dev flatbuffers-compiler
  libxgboost-dev nlohmann-json3-dev libfmt-dev libspdlog-dev libcli11-dev
  # For tests only: the independent oracle of functional results (tests/oracle).
  libarmnn-dev libarmnntfliteparser-dev libarmnn-cpuref-backend22)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
# By command, not by package: node often comes from elsewhere. Chromium is for tests only.
for tool in node:nodejs npm:npm chromium:chromium; do
  command -v "${tool%%:*}" >/dev/null || missing+=("${tool##*:}")
done
[ ${#missing[@]} -eq 0 ] && exit 0
sudo=""
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "install_dependencies: needs root or sudo for: ${missing[*]}" >&2; exit 2; }
  sudo=sudo
fi
echo "installing ${#missing[@]} packages: ${missing[*]}" >&2
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
