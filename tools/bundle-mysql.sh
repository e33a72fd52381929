#!/bin/sh
# Makes a MySQL server that runs beside another C library:  bundle-mysql.sh DEST [ROOT]
# Takes mysqld, its loader and libraries, its plug-ins and its messages from the root folder of a system (default: this
# one) to DEST, and prints the path of DEST/mysqld, which starts it. Without a mysqld of MySQL there: says so, exit 3.
set -eu

dest=$1
root=${2:-}

in_root() { # what runs with the root's own programs: its loader and libraries
	if [ -n "$root" ]; then chroot "$root" "$@"; else "$@"; fi
}

mysqld=
for candidate in /usr/sbin/mysqld /usr/libexec/mysqld /usr/local/mysql/bin/mysqld /opt/bitnami/mysql/bin/mysqld; do
	[ -x "$root$candidate" ] && { mysqld=$candidate; break; }
done
[ -n "$mysqld" ] || { echo "bundle-mysql: no mysqld in ${root:-/}" >&2; exit 3; }
version=$(in_root "$mysqld" --no-defaults --version) || { echo "bundle-mysql: $mysqld of ${root:-/} does not run" >&2; exit 1; }
case $version in
*MariaDB*) echo "bundle-mysql: $mysqld of ${root:-/} is MariaDB: $version" >&2; exit 3 ;;
esac

# As it expects them: relative to the folder above its own.
base=$(dirname "$(dirname "$mysqld")")
mkdir -p "$dest/lib" "$dest/base/sbin" "$dest/base/share" "$dest/base/lib/mysql"
cp -L "$root$mysqld" "$dest/base/sbin/mysqld"
in_root ldd "$mysqld" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*ld-[^ ]*\) .*/\1/p' | sort -u |
	while read -r library; do cp -L "$root$library" "$dest/lib/"; done
for plugins in lib/mysql/plugin lib64/mysql/plugin lib/plugin; do
	if [ -d "$root$base/$plugins" ]; then
		cp -R "$root$base/$plugins" "$dest/base/lib/mysql/plugin"
		break
	fi
done
for share in share/mysql share share/mysql-8.0 share/mysql-8.4 share/mysql-9.0; do
	if [ -e "$root$base/$share/english/errmsg.sys" ]; then
		mkdir -p "$dest/base/share/mysql"
		cp -R "$root$base/$share/english" "$root$base/$share/charsets" "$dest/base/share/mysql/"
		break
	fi
done
loader=$(basename "$(ls "$dest"/lib/ld-*)")

cat >"$dest/mysqld" <<WRAPPER
#!/bin/sh
# $version, with the loader and libraries of the system that it was built for.
here=\$(dirname "\$(readlink -f "\$0")")
export MY_BASEDIR_VERSION="\$here/base"
exec "\$here/lib/$loader" --library-path "\$here/lib" --argv0 "\$here/base/sbin/mysqld" "\$here/base/sbin/mysqld" "\$@"
WRAPPER
chmod 755 "$dest/mysqld"
echo "$dest/mysqld"
