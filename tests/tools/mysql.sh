#!/bin/sh
# Prints the path of a real mysqld of MySQL, which bookworm does not have; makes it once, from Debian unstable.
#   mysql.sh          the program, which runs here with its own C library (tools/bundle-mysql.sh)
#   mysql.sh root     the folder of the small system that it comes from: stands for an image with MySQL
# Needs root (debootstrap) and Debian's mirror, as apt is configured here. About a minute and 700 MB; 0.5 GB stay.
set -eu

here=$(cd "$(dirname "$0")/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/dbdyno-tests
made=$cache/mysql-from-unstable

# The mirror that apt takes Debian itself from; nothing if it names none. The format is apt's own.
# shellcheck disable=SC2016
mirror() {
	apt-get indextargets --format '$(ORIGIN) $(SITE) $(CODENAME)' 'Created-By: Packages' 2>/dev/null |
		awk '$1 == "Debian" && $3 !~ /-/ { print $2; exit }'
}

make_it() {
	[ "$(id -u)" = 0 ] || { echo "mysql.sh: only root can run debootstrap" >&2; exit 1; }
	command -v debootstrap >/dev/null || { echo "mysql.sh: debootstrap is missing (scripts/setup test)" >&2; exit 1; }
	from=$(mirror)
	[ -n "$from" ] || { echo "mysql.sh: apt names no mirror of Debian (apt-get update)" >&2; exit 1; }
	work=$(mktemp -d "$cache/build.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	# Unpacked, not configured: nothing but mysqld will ever run in it.
	nice debootstrap --variant=minbase --foreign --include=mysql-server-core unstable "$work/system" "$from" >"$work/log" 2>&1 ||
		{ tail -5 "$work/log" >&2; exit 1; }
	(
		cd "$work/system"
		for package in var/cache/apt/archives/*.deb; do
			nice dpkg-deb -x "$package" .
		done
		rm -rf var/cache/apt/archives/*.deb usr/share/doc usr/share/locale usr/share/man usr/share/perl debootstrap
	)
	"$here/tools/bundle-mysql.sh" "$work/program" "$work/system" >/dev/null
	mv "$work" "$made"
	chmod 755 "$made" # mysqld may run as another user
	trap - EXIT
}

if [ ! -x "$made/program/mysqld" ]; then
	mkdir -p "$cache"
	exec 9>"$cache/mysql.lock"
	flock 9
	[ -x "$made/program/mysqld" ] || make_it
fi
if [ "${1:-}" = root ]; then
	echo "$made/system"
else
	echo "$made/program/mysqld"
fi
