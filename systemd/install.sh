#!/bin/sh
# Installs the agent as a systemd service, or removes it. See --help.
set -eu

usage() {
  cat <<'TEXT'
usage: sh systemd/install.sh [--uninstall] [--in-place] [--help]

Installs the agent of this checkout as the service skylink-agent. Build it first: npm ci.

  --uninstall  stop the service and remove what was installed; configuration and state stay
  --in-place   run from this checkout instead of copying it (not from a home folder: the service cannot see those)

Environment:
  DESTDIR     put everything below this folder, for making packages; nothing is started then (default: empty)
  PREFIX      where programs go (default: /usr/local)
  SYSCONFDIR  where the configuration goes (default: /etc)
  NODE        the Node.js to run with, an absolute path (default: the first node in PATH when the service starts)

An existing SYSCONFDIR/skylink-agent/agent.toml is never changed.
TEXT
}

fail() {
  printf 'error: %s\n' "$1" >&2
  exit "${2:-1}"
}

say() { printf '%s\n' "$1"; }

DESTDIR=${DESTDIR-}
PREFIX=${PREFIX:-/usr/local}
SYSCONFDIR=${SYSCONFDIR:-/etc}
NODE=${NODE-}
uninstall=no
in_place=no
for argument in "$@"; do
  case $argument in
    --uninstall) uninstall=yes ;;
    --in-place) in_place=yes ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) fail "unknown argument $argument; --help shows the usage" 2 ;;
  esac
done
for path in "$PREFIX" "$SYSCONFDIR" "${DESTDIR:-/}" "${NODE:-/}"; do
  case $path in
    *[!A-Za-z0-9._/+@:-]*) fail "$path: only letters, digits and ._/+@:- can stand in a path here" 2 ;;
    /*) ;;
    *) fail "$path: PREFIX, SYSCONFDIR, DESTDIR and NODE must be absolute paths" 2 ;;
  esac
done

source_dir=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
program_dir=$PREFIX/lib/skylink-agent
doc_dir=$PREFIX/share/doc/skylink-agent
config_dir=$SYSCONFDIR/skylink-agent
# systemd looks for units below /usr and /usr/local; from any other place they must be in /etc.
case $PREFIX in
  /usr | /usr/local) unit_root=$PREFIX/lib ;;
  *) unit_root=/etc ;;
esac
unit_file=$unit_root/systemd/system/skylink-agent.service
sysusers_file=$unit_root/sysusers.d/skylink-agent.conf
tmpfiles_file=$unit_root/tmpfiles.d/skylink-agent.conf
udev_file=$unit_root/udev/rules.d/70-skylink-agent.rules

# True when this is the running system, and it is systemd's.
live() { [ -z "$DESTDIR" ] && [ -d /run/systemd/system ] && command -v systemctl >/dev/null; }

# Writes a file with the folders of this installation in it.
put() {
  mkdir -p "$(dirname -- "$DESTDIR$3")"
  sed -e "s|@PREFIX@|$PREFIX|g" -e "s|@SYSCONFDIR@|$SYSCONFDIR|g" -e "s|@DOCDIR@|$doc_dir|g" "$1" >"$DESTDIR$3.new"
  chmod "$2" "$DESTDIR$3.new"
  mv -f "$DESTDIR$3.new" "$DESTDIR$3"
}

reload() {
  live || return 0
  systemctl daemon-reload
  if command -v udevadm >/dev/null; then udevadm control --reload || true; fi
}

remove() {
  if live; then systemctl disable --now skylink-agent.service 2>/dev/null || true; fi
  rm -f "$DESTDIR$unit_file" "$DESTDIR$sysusers_file" "$DESTDIR$tmpfiles_file" "$DESTDIR$udev_file"
  rm -f "$DESTDIR$PREFIX/bin/skylink-agent" "$DESTDIR$PREFIX/bin/flash"
  rm -rf "$DESTDIR$program_dir" "$DESTDIR$doc_dir"
  reload
  say "removed; $DESTDIR$config_dir, /var/lib/skylink-agent and the user skylink are left as they are"
}

# Copies the program beside its place and changes over at the end: an update that breaks off leaves the old one.
copy_program() {
  rm -rf "$DESTDIR$program_dir.new"
  mkdir -p "$DESTDIR$program_dir.new"
  for part in package.json dist models node_modules; do
    cp -R "$source_dir/$part" "$DESTDIR$program_dir.new/"
  done
  if [ -f "$source_dir/LICENSE" ]; then cp "$source_dir/LICENSE" "$DESTDIR$program_dir.new/"; fi
  chmod -R u+rwX,go=rX "$DESTDIR$program_dir.new"
  rm -rf "$DESTDIR$program_dir"
  mv "$DESTDIR$program_dir.new" "$DESTDIR$program_dir"
}

put_command() {
  mkdir -p "$DESTDIR$PREFIX/bin"
  printf '#!/bin/sh\nexec %s %s/dist/%s "$@"\n' "${NODE:-/usr/bin/env node}" "$2" "$3" >"$DESTDIR$PREFIX/bin/$1.new"
  chmod 0755 "$DESTDIR$PREFIX/bin/$1.new"
  mv -f "$DESTDIR$PREFIX/bin/$1.new" "$DESTDIR$PREFIX/bin/$1"
}

install_all() {
  for part in package.json dist/agent/cli.js dist/flash/cli.js models node_modules; do
    [ -e "$source_dir/$part" ] || fail "$source_dir/$part is not there; run npm ci in $source_dir first"
  done
  if [ "$in_place" = yes ]; then
    case $source_dir in
      *[!A-Za-z0-9._/+@:-]*) fail "$source_dir: only letters, digits and ._/+@:- can stand in the path of --in-place" 2 ;;
    esac
    run_dir=$source_dir
    rm -rf "$DESTDIR$program_dir"
  else
    run_dir=$program_dir
    copy_program
  fi
  put_command skylink-agent "$run_dir" agent/cli.js
  put_command flash "$run_dir" flash/cli.js

  put "$source_dir/systemd/skylink-agent.service" 0644 "$unit_file"
  put "$source_dir/systemd/skylink-agent.sysusers.conf" 0644 "$sysusers_file"
  put "$source_dir/systemd/skylink-agent.tmpfiles.conf" 0644 "$tmpfiles_file"
  put "$source_dir/systemd/70-skylink-agent.rules" 0644 "$udev_file"
  put "$source_dir/systemd/agent.toml" 0644 "$doc_dir/agent.toml"
  put "$source_dir/docs/running.md" 0644 "$doc_dir/running.md"
  if [ -e "$DESTDIR$config_dir/agent.toml" ]; then
    say "kept $DESTDIR$config_dir/agent.toml; the example is $DESTDIR$doc_dir/agent.toml"
  else
    put "$source_dir/systemd/agent.toml" 0640 "$config_dir/agent.toml"
  fi

  if live; then
    if command -v systemd-sysusers >/dev/null; then systemd-sysusers; fi
    if command -v systemd-tmpfiles >/dev/null; then systemd-tmpfiles --create "$tmpfiles_file"; fi
  fi
  reload
  say "installed. Now edit $config_dir/agent.toml, then:"
  say "  skylink-agent run --config $config_dir/agent.toml --check"
  say "  systemctl enable --now skylink-agent"
}

if [ -z "$DESTDIR" ] && [ "$(id -u)" -ne 0 ]; then fail "only root can do this; or set DESTDIR" 2; fi
if [ "$uninstall" = yes ]; then remove; else install_all; fi
